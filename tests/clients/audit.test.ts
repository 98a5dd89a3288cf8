/** The audit log of a running cluster, by upstream's Policy. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';

interface Event {
  readonly level: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly auditID: string;
  readonly [field: string]: unknown;
}

const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
metadata: {name: tests}
omitStages: [RequestReceived]
rules:
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/internal/*"]
- level: Metadata
  resources: [{group: "", resources: [secrets, "serviceaccounts/token"]}]
- level: RequestResponse
  omitManagedFields: true
  resources: [{group: "", resources: [configmaps]}]
- level: Metadata
`;

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, value = 'v') => ({ kind: 'ConfigMap', metadata: { name }, data: { a: value } });

describe('the audit log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-audit-'));
  const file = join(folder, 'logs', 'audit.log');
  let cluster: RunningCluster;
  let calls: ApiCalls;

  const events = (): readonly Event[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Event)
      : [];
  /** The events of one request, once there are that many. */
  const eventsOf = (auditID: string, count = 1): Promise<readonly Event[]> =>
    eventually(`${count} events of ${auditID}`, async () => {
      const own = events().filter((event) => event.auditID === auditID);
      return own.length >= count ? own : undefined;
    });
  const named = (auditID: string, headers: Record<string, string> = {}) => ({
    headers: { 'audit-id': auditID, ...headers },
  });

  beforeAll(async () => {
    const policyFile = join(folder, 'policy.yaml');
    writeFileSync(policyFile, POLICY);
    cluster = await startCluster({
      flags: ['--audit-log-path', file, '--audit-policy-file', policyFile, '--audit-log-maxsize', '1'],
    });
    calls = new ApiCalls(cluster);
  });
  afterAll(async () => {
    await calls?.close();
    await cluster?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('[A1] notes who did what, with bodies where the policy wants them', async () => {
    const created = await calls.call('POST', configMaps, {
      body: configMap('a'),
      ...named('create-a', { 'user-agent': 'tests/1.0', 'x-forwarded-for': '192.0.2.9, junk' }),
    });
    expect(created.code).toBe(201);
    expect(created.headers['audit-id']).toBe('create-a');
    const [event, ...more] = await eventsOf('create-a');
    expect(more).toEqual([]);
    expect(event).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      auditID: 'create-a',
      stage: 'ResponseComplete',
      requestURI: configMaps,
      verb: 'create',
      user: { username: 'kubernetes-admin', groups: expect.arrayContaining(['system:masters']) },
      sourceIPs: ['192.0.2.9', expect.stringMatching(/127\.0\.0\.1|::1/)],
      userAgent: 'tests/1.0',
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: expect.objectContaining({ kind: 'ConfigMap', data: { a: 'v' } }),
      responseObject: expect.objectContaining({ data: { a: 'v' } }),
      requestReceivedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      stageTimestamp: expect.stringMatching(/Z$/),
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
    expect(JSON.stringify(event)).not.toContain('managedFields');
  });

  test('names the request anew when the client does not, also where nothing is noted', async () => {
    for (const path of ['/livez', configMaps, '/nowhere']) {
      const answer = await calls.call('GET', path);
      expect(answer.headers['audit-id'], path).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('notes refusals, failed authentication and impersonation', async () => {
    const missing = await calls.call('GET', `${configMaps}/none`, named('missing'));
    expect(missing.code).toBe(404);
    expect((await eventsOf('missing'))[0]).toMatchObject({
      responseStatus: { status: 'Failure', reason: 'NotFound', code: 404, message: 'configmaps "none" not found' },
    });

    expect((await calls.call('GET', configMaps, { ...named('stranger'), token: 'wrong' })).code).toBe(401);
    const stranger = await eventsOf('stranger');
    expect(stranger).toHaveLength(1);
    expect(stranger[0]).toMatchObject({
      stage: 'ResponseStarted',
      user: {},
      responseStatus: { metadata: {}, code: 401, message: 'Authentication failed, attempted: bearer' },
    });

    const asOther = await calls.call('GET', configMaps, named('as-other', { 'impersonate-user': 'jane' }));
    expect(asOther.code).toBe(403);
    expect((await eventsOf('as-other'))[0]).toMatchObject({
      user: { username: 'kubernetes-admin' },
      impersonatedUser: { username: 'jane', groups: ['system:authenticated'] },
      responseStatus: { code: 403, reason: 'Forbidden' },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
  });

  test('notes a watch when it begins and when it ends', async () => {
    await calls.call('GET', `${configMaps}?watch=true&timeoutSeconds=1`, named('watch'));
    const stages = (await eventsOf('watch', 2)).map(({ stage, verb }) => [stage, verb]);
    expect(stages).toEqual([
      ['ResponseStarted', 'watch'],
      ['ResponseComplete', 'watch'],
    ]);
  });

  test('[A2] never shows what a Secret or a token holds', async () => {
    const value = Buffer.from('the content of a secret').toString('base64');
    const secret = { kind: 'Secret', metadata: { name: 's' }, data: { k: value } };
    await calls.call('POST', '/api/v1/namespaces/default/secrets', { body: secret, ...named('secret') });
    expect((await eventsOf('secret'))[0]).toMatchObject({ level: 'Metadata', objectRef: { name: 's' } });
    const asked = await calls.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      body: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: {} },
      ...named('token'),
    });
    expect(asked.code).toBe(201);
    expect((await eventsOf('token'))[0]).toMatchObject({ objectRef: { subresource: 'token' } });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(value);
    expect(text).not.toContain(asked.json.status.token);
    expect(text).not.toContain(cluster.adminToken);
  });

  test('patches, deletions and what is too large', async () => {
    await calls.call('PATCH', `${configMaps}/a`, {
      body: '{"data":{"b":"c"}}',
      ...named('patch', { 'content-type': 'application/merge-patch+json' }),
    });
    expect((await eventsOf('patch'))[0]).toMatchObject({ requestObject: { data: { b: 'c' } }, verb: 'patch' });
    await calls.call('DELETE', `${configMaps}/a`, { body: { gracePeriodSeconds: 0 }, ...named('delete') });
    expect((await eventsOf('delete'))[0]).toMatchObject({
      requestObject: { kind: 'DeleteOptions', gracePeriodSeconds: 0 },
      responseObject: { kind: 'Status' },
      responseStatus: { status: 'Success', code: 200 },
    });
    await calls.call('POST', configMaps, { body: configMap('large', 'x'.repeat(200_000)), ...named('large') });
    const [large] = await eventsOf('large');
    expect(large).not.toHaveProperty('requestObject');
    expect(large).toMatchObject({ annotations: { 'audit.k8s.io/truncated': 'true' } });
  });

  test('says what admission has to say', async () => {
    const namespace = {
      kind: 'Namespace',
      metadata: { name: 'watched', labels: { 'pod-security.kubernetes.io/audit': 'restricted' } },
    };
    expect((await calls.call('POST', '/api/v1/namespaces', { body: namespace })).code).toBe(201);
    const pod = { kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const created = await calls.call('POST', '/api/v1/namespaces/watched/pods', { body: pod, ...named('lax-pod') });
    expect(created.code, created.text).toBe(201);
    expect((await eventsOf('lax-pod'))[0]?.['annotations']).toMatchObject({
      'pod-security.kubernetes.io/audit-violations': expect.stringContaining(
        'would violate PodSecurity "restricted:latest"',
      ),
      'pod-security.kubernetes.io/enforce-policy': 'privileged:latest',
    });
  });

  test('[A3] goes on while who writes it is away', async () => {
    const writer = cluster.pids().agents[0] as number;
    process.kill(writer, 'SIGKILL');
    expect((await calls.call('GET', configMaps, named('meanwhile'))).code).toBe(200);
    await eventsOf('meanwhile');
  });
});

test('a wrong policy is refused at the start, with everything that is wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-audit-'));
  const policyFile = join(folder, 'policy.yaml');
  writeFileSync(
    policyFile,
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}, {level: None, nonResourceURLs: [x]}]',
  );
  const flags = ['--audit-log-path', join(folder, 'audit.log'), '--audit-policy-file', policyFile];
  await expect(startCluster({ flags })).rejects.toThrow(
    /rules\[0\]\.level: Unsupported value: "All".*rules\[1\]\.nonResourceURLs\[0\]: Invalid value: "x"/,
  );
  rmSync(folder, { recursive: true });
});
