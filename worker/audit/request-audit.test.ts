import { describe, expect, it } from 'vitest';
import type { AuditPolicy } from '../../schema/configuration/audit-policy.ts';
import { notFound } from '../../schema/meta/status.ts';
import type { AuditedRequest } from './audit-decision.ts';
import { RequestAudit } from './request-audit.ts';

const asked: AuditedRequest = {
  user: { username: 'jane', uid: 'u', groups: ['g'], extra: { k: ['v'] } },
  verb: 'update',
  apiGroup: 'apps',
  apiVersion: 'v1',
  resource: 'deployments',
  subresource: '',
  namespace: 'a',
  name: 'web',
  path: '/apis/apps/v1/namespaces/a/deployments/web',
  resourceRequest: true,
};

function setUp(policy: AuditPolicy, url = 'https://host:6443/apis/apps/v1/namespaces/a/deployments/web?x=y') {
  const lines: string[] = [];
  const headers = { 'user-agent': 'u'.repeat(2_000), 'x-forwarded-for': '10.0.0.1, x', 'x-real-ip': '::1' };
  const request = new Request(url, { headers });
  const times = [1_000, 2_000, 3_000];
  const audit = new RequestAudit({ auditID: 'id', request, receivedAt: 500, now: () => times.shift() ?? 0 });
  return {
    audit,
    auditor: { policy, sink: { write: (line: string) => void lines.push(line) } },
    events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    lines,
  };
}

const all = (level: AuditPolicy['rules'][number]['level']): AuditPolicy => ({ rules: [{ level }] });

describe('what is noted of a request', () => {
  it('is nothing where auditing is off or the policy says None', () => {
    for (const auditor of [undefined, setUp(all('None')).auditor]) {
      const { audit, lines } = setUp(all('None'));
      audit.received(auditor, asked);
      audit.annotate('a', 'b');
      expect(audit.responding(200, true)).toBe(false);
      expect(lines).toEqual([]);
    }
  });

  it('at Metadata: that it came and what became of it, names but no bodies', () => {
    const { audit, auditor, events } = setUp(all('Metadata'));
    audit.received(auditor, asked);
    audit.authorized(true, 'why');
    audit.annotate('authorization.k8s.io/reason', 'later');
    const object = {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'web', uid: 'x', resourceVersion: '7' },
    };
    audit.requestObject(object, JSON.stringify(object));
    audit.answered({ code: 200, body: '{"kind":"Deployment"}', auditAnnotations: { 'pod-security/x': 'y' } });
    expect(audit.responding(200, true)).toBe(false);
    const [received, complete, ...more] = events();
    expect(more).toEqual([]);
    expect(received).toMatchObject({
      stage: 'RequestReceived',
      requestURI: '/apis/apps/v1/namespaces/a/deployments/web?x=y',
      requestReceivedTimestamp: '1970-01-01T00:00:00.500000Z',
      stageTimestamp: '1970-01-01T00:00:00.500000Z',
      user: { username: 'jane', uid: 'u', groups: ['g'], extra: { k: ['v'] } },
      userAgent: `${'u'.repeat(1024)}...TRUNCATED`,
      sourceIPs: ['10.0.0.1', '::1'],
    });
    expect(received).not.toHaveProperty('annotations');
    expect(complete).toMatchObject({
      stage: 'ResponseComplete',
      objectRef: {
        resource: 'deployments',
        namespace: 'a',
        name: 'web',
        uid: 'x',
        apiGroup: 'apps',
        apiVersion: 'v1',
        resourceVersion: '7',
      },
      responseStatus: { metadata: {}, code: 200 },
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': 'why',
        'pod-security/x': 'y',
      },
    });
    expect(complete).not.toHaveProperty('requestObject');
    expect(complete).not.toHaveProperty('responseObject');
  });

  it('at RequestResponse: both bodies as they are, without managed fields if the policy omits them', () => {
    const { audit, auditor, events } = setUp({ ...all('RequestResponse'), omitManagedFields: true });
    audit.received(auditor, asked);
    audit.requestBody('{"spec":{"replicas":1}}');
    audit.answered({ code: 200, body: '{"kind":"List","items":[{"metadata":{"name":"a","managedFields":[{}]}}]}' });
    audit.responding(200, true);
    expect(events().at(-1)).toMatchObject({
      requestObject: { spec: { replicas: 1 } },
      responseObject: { items: [{ metadata: { name: 'a' } }] },
    });
    expect(JSON.stringify(events())).not.toContain('managedFields');
  });

  it('tells what a Status says', () => {
    for (const tell of ['refused', 'answered'] as const) {
      const { audit, auditor, events } = setUp(all('Metadata'));
      audit.received(auditor, asked);
      const status = notFound('deployments.apps', 'web');
      if (tell === 'refused') audit.refused(status);
      else audit.answered({ code: 404, body: JSON.stringify(status) });
      audit.responding(404, true);
      expect(events().at(-1)?.['responseStatus']).toEqual({
        metadata: {},
        status: 'Failure',
        message: 'deployments.apps "web" not found',
        reason: 'NotFound',
        details: { name: 'web', group: 'apps', kind: 'deployments' },
        code: 404,
      });
    }
  });

  it('ends a long request when its body ends', () => {
    const { audit, auditor, events } = setUp(all('Metadata'));
    audit.received(auditor, { ...asked, verb: 'watch' });
    expect(audit.responding(200, true)).toBe(true);
    expect(events().map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted']);
    audit.complete();
    expect(events().at(-1)?.['stage']).toBe('ResponseComplete');
  });

  it('of a bug of ours says Panic and nothing after', () => {
    const { audit, auditor, events } = setUp(all('Metadata'));
    audit.received(auditor, asked);
    audit.panicked(new Error('oh'));
    audit.responding(500, true);
    expect(events().map(({ stage }) => stage)).toEqual(['RequestReceived', 'Panic']);
    expect(events().at(-1)).toMatchObject({ responseStatus: { message: "APIServer panic'd: oh", code: 500 } });
  });

  it('keeps what a client wrote within its fields', () => {
    const { audit, auditor, lines } = setUp(all('Metadata'), 'https://h/api/v1/x%22%0A?a="},%0a"');
    audit.received(auditor, asked);
    audit.responding(200, false);
    for (const line of lines) expect(line).not.toContain('\n');
  });
});
