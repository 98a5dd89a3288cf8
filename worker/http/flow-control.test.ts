import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  type Named,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../schema/resources/flowcontrol/bootstrap-objects.ts';
import type { AuthorizationAttributes } from '../authz/attributes.ts';
import { flowOf } from './flow-control.ts';
import { TestServer } from './testing/test-server.ts';

const objectOf = ({ name, spec }: Named<unknown>): UntypedObject => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: '',
  metadata: { name, uid: `uid-of-${name}` },
  spec,
});

const SCHEMAS = [...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS].map(objectOf);
const LEVELS = [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS].map(objectOf);

function requestOf(username: string, groups: readonly string[], what: string): AuthorizationAttributes {
  const [verb = '', target = ''] = what.split(' ');
  const common = {
    user: { username, uid: '', groups: [...groups, 'system:authenticated'], extra: {} },
    verb,
    apiVersion: 'v1',
    name: '',
  };
  if (target.startsWith('/')) {
    return {
      ...common,
      apiGroup: '',
      resource: '',
      subresource: '',
      namespace: '',
      path: target,
      resourceRequest: false,
    };
  }
  const [resource = '', namespace = ''] = target.split('@');
  const [plural = '', subresource = ''] = resource.split('/');
  const [name = '', ...group] = plural.split('.');
  return {
    ...common,
    apiGroup: group.join('.'),
    resource: name,
    subresource,
    namespace,
    path: '/',
    resourceRequest: true,
  };
}

describe('a request belongs to', () => {
  it.each<[string, string, readonly string[], string]>([
    ['exempt', 'admin', ['system:masters'], 'list pods'],
    ['probes', 'jane', [], 'get /readyz'],
    ['probes', 'jane', [], 'get /readyz/etcd'],
    ['global-default', 'jane', [], 'get /readyz-not'],
    ['system-leader-election', 'system:kube-scheduler', [], 'update leases.coordination.k8s.io@kube-system'],
    ['kube-scheduler', 'system:kube-scheduler', [], 'list leases.coordination.k8s.io@kube-system'],
    ['system-node-high', 'system:node:n1', ['system:nodes'], 'patch nodes/status'],
    ['system-node-high', 'system:node:n1', ['system:nodes'], 'update leases.coordination.k8s.io@kube-node-lease'],
    ['system-nodes', 'system:node:n1', ['system:nodes'], 'get nodes/proxy'],
    ['kube-controller-manager', 'system:kube-controller-manager', [], 'create pods@shop'],
    [
      'kube-system-service-accounts',
      'system:serviceaccount:kube-system:dns',
      ['system:serviceaccounts'],
      'list services',
    ],
    ['service-accounts', 'system:serviceaccount:kube-systems:dns', ['system:serviceaccounts'], 'list services'],
    ['global-default', 'jane', [], 'list pods@shop'],
  ])('%s: %s %j %s', (name, username, groups, what) => {
    const level = SCHEMAS.find(({ metadata }) => metadata.name === name)?.['spec'] as {
      priorityLevelConfiguration: { name: string };
    };
    expect(flowOf(requestOf(username, groups, what), SCHEMAS, LEVELS)).toEqual({
      flowSchemaUid: `uid-of-${name}`,
      priorityLevelUid: `uid-of-${level.priorityLevelConfiguration.name}`,
    });
  });

  it('no schema whose level is missing', () => {
    const levels = LEVELS.filter(({ metadata }) => metadata.name !== 'global-default');
    expect(flowOf(requestOf('jane', [], 'list pods@shop'), SCHEMAS, levels)?.flowSchemaUid).toBe('uid-of-catch-all');
  });

  it('a rule of one namespace only there', () => {
    const spec = {
      priorityLevelConfiguration: { name: 'exempt' },
      matchingPrecedence: 2,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: '*' } }],
          resourceRules: [{ verbs: ['list'], apiGroups: ['apps'], resources: ['*'], namespaces: ['shop'] }],
        },
      ],
    };
    const schemas = [objectOf({ name: 'mine', spec })];
    const uidOf = (what: string) => flowOf(requestOf('jane', [], what), schemas, LEVELS)?.flowSchemaUid;
    expect(uidOf('list deployments.apps@shop')).toBe('uid-of-mine');
    expect(uidOf('list deployments.apps@other')).toBeUndefined();
    expect(uidOf('list deployments.apps')).toBeUndefined();
    expect(uidOf('list pods@shop')).toBeUndefined();
  });
});

it('every answer tells its flow, refusals too', async () => {
  const server = new TestServer();
  const make = async (plural: string, kind: string, named: Named<unknown>): Promise<string> => {
    const body = { ...objectOf(named), kind, metadata: { name: named.name } };
    const answer = await server.request(`POST /apis/flowcontrol.apiserver.k8s.io/v1/${plural}`, { body });
    return ((await answer.json()) as UntypedObject).metadata.uid ?? '';
  };
  const [, exemptLevel] = MANDATORY_PRIORITY_LEVELS;
  const [exemptSchema] = MANDATORY_FLOW_SCHEMAS;
  if (!exemptLevel || !exemptSchema) throw new Error('the mandatory objects are gone');
  const level = await make('prioritylevelconfigurations', 'PriorityLevelConfiguration', exemptLevel);
  const schema = await make('flowschemas', 'FlowSchema', exemptSchema);
  server.now += 1_000;
  for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/missing', '/version']) {
    const { headers } = await server.request(`GET ${path}`);
    expect(headers.get('X-Kubernetes-PF-FlowSchema-UID'), path).toBe(schema);
    expect(headers.get('X-Kubernetes-PF-PriorityLevel-UID'), path).toBe(level);
  }
});
