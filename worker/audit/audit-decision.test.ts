import { describe, expect, it } from 'vitest';
import type { AuditRule } from '../../schema/configuration/audit-policy.ts';
import { type AuditedRequest, auditDecision } from './audit-decision.ts';

const request = (fields: Partial<AuditedRequest> = {}): AuditedRequest => ({
  user: { username: 'jane', uid: '', groups: ['devs', 'system:authenticated'], extra: {} },
  verb: 'get',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'a',
  name: 'web',
  path: '/api/v1/namespaces/a/pods/web',
  resourceRequest: true,
  ...fields,
});
const url = (path: string) =>
  request({ resourceRequest: false, path, resource: '', namespace: '', name: '', apiVersion: '' });
const log = request({ subresource: 'log' });
const cluster = request({ namespace: '', resource: 'nodes' });

const cases: readonly [
  what: string,
  rule: Omit<AuditRule, 'level'>,
  fitting: AuditedRequest[],
  others: AuditedRequest[],
][] = [
  ['everything', {}, [request(), url('/x'), request({ user: undefined })], []],
  ['a user', { users: ['jane'] }, [request()], [request({ user: undefined })]],
  ['a group', { userGroups: ['ops', 'devs'] }, [request()], [request({ user: undefined })]],
  ['another group', { userGroups: ['ops'] }, [], [request()]],
  ['verbs', { verbs: ['get', 'list'] }, [request(), url('/x')], [request({ verb: 'watch' })]],
  ['a namespace', { namespaces: ['a'] }, [request(), log], [cluster, url('/x')]],
  ['no namespace', { namespaces: [''] }, [cluster], [request(), url('/x')]],
  [
    'a group of resources',
    { resources: [{ group: '' }] },
    [request(), cluster],
    [request({ apiGroup: 'apps' }), url('/')],
  ],
  ['all groups', { resources: [{ group: '*' }] }, [request({ apiGroup: 'apps' })], [url('/')]],
  ['a resource', { resources: [{ resources: ['pods'] }] }, [request()], [log, cluster]],
  ['a subresource', { resources: [{ resources: ['pods/log'] }] }, [log], [request()]],
  ['all of a resource', { resources: [{ resources: ['pods/*'] }] }, [log, request()], [cluster]],
  ['a subresource of all', { resources: [{ resources: ['*/log'] }] }, [log], [request()]],
  ['all resources', { resources: [{ resources: ['*'] }] }, [log, request(), cluster], [url('/')]],
  ['names', { resources: [{ resources: ['pods'], resourceNames: ['web'] }] }, [request()], [request({ name: 'db' })]],
  ['a path', { nonResourceURLs: ['/healthz'] }, [url('/healthz')], [url('/healthz/ping'), request()]],
  ['paths', { nonResourceURLs: ['/healthz*'] }, [url('/healthz'), url('/healthz/ping')], [url('/livez'), request()]],
  ['all paths', { nonResourceURLs: ['*'] }, [url('/x')], [request()]],
];

describe('audit rules', () => {
  it.each(cases)('that name %s', (_what, rule, fitting, others) => {
    const decide = (asked: AuditedRequest) => auditDecision({ rules: [{ level: 'Request', ...rule }] }, asked).level;
    for (const asked of fitting) expect(decide(asked), JSON.stringify(asked)).toBe('Request');
    for (const asked of others) expect(decide(asked), JSON.stringify(asked)).toBe('None');
  });

  it('count in order, and omit what policy and rule omit', () => {
    const decision = auditDecision(
      {
        omitStages: ['RequestReceived'],
        omitManagedFields: true,
        rules: [
          { level: 'None', verbs: ['list'] },
          { level: 'Metadata', omitStages: ['Panic'], omitManagedFields: false },
          { level: 'Request' },
        ],
      },
      request(),
    );
    expect(decision).toEqual({
      level: 'Metadata',
      omitStages: new Set(['RequestReceived', 'Panic']),
      omitManagedFields: false,
    });
  });
});
