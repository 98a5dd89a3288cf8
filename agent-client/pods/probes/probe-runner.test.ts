import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { type ExecResult, type Runtime, RuntimeFailure } from '../../runtime/port.ts';
import { type Probe, runProbe } from './probe-runner.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const run = (probe: Probe, exec: () => Promise<ExecResult> = async () => ({ exitCode: 0, stdout: '', stderr: '' })) => {
  const runtime: Pick<Runtime, 'exec'> = { exec };
  const container = { name: 'main', ports: [{ name: 'web', containerPort: 1 }] };
  return runProbe(probe, { container, containerId: 'c', podIp: '127.0.0.1', runtime: runtime as Runtime });
};

async function httpPort(code: number, delayMs = 0): Promise<number> {
  const server = createHttpServer((request, response) => {
    response.statusCode = request.headers['user-agent'] === 'kube-probe/1.37' ? code : 400;
    setTimeout(() => response.end('body'), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function grpcPort(status: number): Promise<number> {
  const server = new Server();
  const plain = (value: Buffer): Buffer => value;
  server.addService(
    {
      Check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: plain,
        requestDeserialize: plain,
        responseSerialize: plain,
        responseDeserialize: plain,
      },
    },
    { Check: (_call: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.from([8, status])) },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  closers.push(() => server.forceShutdown());
  return port;
}

test('exec succeeds with exit status 0', async () => {
  expect(await run({ exec: { command: ['x'] } })).toEqual({ ok: true, output: '' });
  expect(await run({ exec: { command: ['x'] } }, async () => ({ exitCode: 1, stdout: 'a', stderr: 'b' }))).toEqual({
    ok: false,
    output: 'ab',
  });
  const late = async (): Promise<ExecResult> => {
    throw new RuntimeFailure('DeadlineExceeded', 'command timed out');
  };
  expect(await run({ exec: { command: ['x'] } }, late)).toEqual({ ok: false, output: 'command timed out' });
});

test.each([
  [200, true],
  [399, true],
  [400, false],
  [503, false],
])('http status %i is fine: %s', async (code, ok) => {
  const result = await run({ httpGet: { path: 'healthz', port: await httpPort(code) } });
  expect(result.ok).toBe(ok);
  if (!ok) expect(result.output).toBe(`HTTP probe failed with statuscode: ${code}`);
});

test('http that does not answer in time or at all fails', async () => {
  const slow = await run({ httpGet: { port: await httpPort(200, 5_000) }, timeoutSeconds: 1 });
  expect(slow).toMatchObject({ ok: false, output: expect.stringContaining('context deadline exceeded') });
  expect((await run({ httpGet: { port: await closedPort() } })).ok).toBe(false);
});

test('tcp succeeds when it connects', async () => {
  expect(await run({ tcpSocket: { port: await httpPort(200) } })).toEqual({ ok: true, output: '' });
  const port = await closedPort();
  expect(await run({ tcpSocket: { port } })).toEqual({
    ok: false,
    output: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test('grpc asks for health', async () => {
  expect(await run({ grpc: { port: await grpcPort(1) } })).toEqual({ ok: true, output: '' });
  expect(await run({ grpc: { port: await grpcPort(2) } })).toEqual({
    ok: false,
    output: 'service unhealthy (responded with "NOT_SERVING")',
  });
  expect((await run({ grpc: { port: await closedPort() } })).ok).toBe(false);
});
