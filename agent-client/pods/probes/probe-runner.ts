/** Runs one probe once. Source: pkg/probe/{exec,http,tcp,grpc}. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { GrpcChannel } from '../../grpc/grpc-channel.ts';
import { int32, message, string } from '../../grpc/wire-message.ts';
import { messageOf } from '../../log.ts';
import type { Runtime } from '../../runtime/port.ts';
import { resolvePort } from '../container-port.ts';
import type { Container } from '../pod.ts';

export type Probe = NonNullable<Container['livenessProbe']>;

export interface ProbeResult {
  readonly ok: boolean;
  readonly output: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly runtime: Runtime;
}

const BODY_BYTES_MAX = 10 * 1024;

export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await execProbe(probe.exec.command ?? [], target, timeoutMs);
    if (probe.httpGet) return await httpProbe(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket)
      return await tcpProbe(
        probe.tcpSocket.host || target.podIp,
        resolvePort(target.container, probe.tcpSocket.port),
        timeoutMs,
      );
    if (probe.grpc) return await grpcProbe(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    return { ok: false, output: 'missing probe handler' };
  } catch (error) {
    return { ok: false, output: messageOf(error) };
  }
}

async function execProbe(command: readonly string[], target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const result = await target.runtime.exec(target.containerId, command, timeoutMs);
  return { ok: result.exitCode === 0, output: (result.stdout + result.stderr).slice(0, BODY_BYTES_MAX) };
}

function httpProbe(get: NonNullable<Probe['httpGet']>, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const secure = get.scheme === 'HTTPS';
  const host = get.host || target.podIp;
  const port = resolvePort(target.container, get.port);
  const path = get.path?.startsWith('/') ? get.path : `/${get.path ?? ''}`;
  const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.37', Accept: '*/*', Connection: 'close' };
  for (const header of get.httpHeaders ?? []) {
    if (header.name.toLowerCase() === 'user-agent') delete headers['User-Agent'];
    if (header.name.toLowerCase() === 'accept') delete headers['Accept'];
    headers[header.name] = header.value;
  }
  const url = `${secure ? 'https' : 'http'}://${host}:${port}${path}`;
  return new Promise((resolve) => {
    const fail = (why: string): void => resolve({ ok: false, output: `Get "${url}": ${why}` });
    const send = secure ? httpsRequest : httpRequest;
    const sent = send({ host, port, path, headers, agent: false, rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        if (body.length < BODY_BYTES_MAX) body += chunk;
      });
      answer.on('end', () => {
        clearTimeout(deadline);
        const code = answer.statusCode ?? 0;
        const ok = code >= 200 && code < 400;
        resolve({ ok, output: ok ? body : `HTTP probe failed with statuscode: ${code}` });
      });
      answer.on('error', (error) => fail(error.message));
    });
    // One deadline for connection and body: a socket timeout alone would let a trickle of bytes go on.
    const deadline = setTimeout(
      () => sent.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      timeoutMs,
    );
    sent.on('error', (error) => {
      clearTimeout(deadline);
      fail(error.message);
    });
    sent.end();
  });
}

/** Source: grpc.health.v1. */
const HealthRequest = message({ service: string(1) });
const HealthReply = message({ status: int32(1) });
const HEALTH_STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

async function grpcProbe(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeResult> {
  const channel = new GrpcChannel(`${host}:${port}`);
  try {
    const codec = { request: HealthRequest, reply: HealthReply };
    const reply = await channel.call('/grpc.health.v1.Health/Check', codec, { service }, timeoutMs);
    const state = HEALTH_STATES[reply.status] ?? 'UNKNOWN';
    return {
      ok: state === 'SERVING',
      output: state === 'SERVING' ? '' : `service unhealthy (responded with "${state}")`,
    };
  } finally {
    channel.close();
  }
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (ok: boolean, output: string): void => {
      socket.destroy();
      resolve({ ok, output });
    };
    socket.on('connect', () => end(true, ''));
    socket.on('timeout', () => end(false, `dial tcp ${host}:${port}: i/o timeout`));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(
        false,
        `dial tcp ${host}:${port}: ${error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message}`,
      ),
    );
  });
}
