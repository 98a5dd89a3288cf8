import { describe, expect, it } from 'vitest';
import type { AuthorizationAttributes } from './attributes.ts';
import { nodeOpinion } from './node.ts';

const reaches = async (node: string, object: { resource: string; namespace: string; name: string }) =>
  node === 'n1' &&
  (object.namespace === 'shop' || object.resource === 'resourceslices') &&
  ['settings', 'robot', 'web', 'gpu'].includes(object.name);

const asks = (fields: Partial<AuthorizationAttributes>): AuthorizationAttributes => ({
  user: { username: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} },
  verb: 'get',
  apiGroup: '',
  apiVersion: 'v1',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  path: '',
  resourceRequest: true,
  ...fields,
});

const CLAIMS = { apiGroup: 'resource.k8s.io', resource: 'resourceclaims', namespace: 'shop' };
const SLICES = { apiGroup: 'resource.k8s.io', resource: 'resourceslices' };
const LEASES = { apiGroup: 'coordination.k8s.io', resource: 'leases' };

describe('a node', () => {
  it.each<[string, Partial<AuthorizationAttributes>]>([
    ['reads itself', { resource: 'nodes', name: 'n1' }],
    ['registers', { resource: 'nodes', verb: 'create' }],
    ['reports its status', { resource: 'nodes', verb: 'patch', subresource: 'status', name: 'n1' }],
    ['reads a Secret its pods use', { resource: 'secrets', namespace: 'shop', name: 'settings' }],
    ['reads its pods', { resource: 'pods', namespace: 'shop', name: 'web' }],
    ['lists its pods', { resource: 'pods', verb: 'list', fieldSelector: 'spec.nodeName=n1' }],
    [
      'makes tokens for its pods',
      { resource: 'serviceaccounts', subresource: 'token', verb: 'create', namespace: 'shop', name: 'robot' },
    ],
    ['renews its lease', { ...LEASES, verb: 'update', namespace: 'kube-node-lease', name: 'n1' }],
    ['creates its lease', { ...LEASES, verb: 'create', namespace: 'kube-node-lease' }],
    ['lists services', { resource: 'services', verb: 'list' }],
    ['writes events', { resource: 'events', verb: 'create', namespace: 'shop' }],
    ['reads a claim its pods use', { ...CLAIMS, name: 'gpu' }],
    ['publishes devices', { ...SLICES, verb: 'create' }],
    ['changes what it publishes', { ...SLICES, verb: 'update', name: 'gpu' }],
    ['lists what it publishes', { ...SLICES, verb: 'list', fieldSelector: 'spec.nodeName=n1' }],
    [
      'takes back what it publishes',
      { ...SLICES, verb: 'deletecollection', fieldSelector: 'spec.driver=a.com,spec.nodeName=n1' },
    ],
    ['polls', { resourceRequest: false, path: '/agent/v1/nodes/n1/poll' }],
  ])('%s', async (_what, fields) => {
    expect((await nodeOpinion(asks(fields), reaches)).decision).toBe('allow');
  });

  it.each<[string, Partial<AuthorizationAttributes>, string]>([
    ['reads no other node', { resource: 'nodes', name: 'n2' }, `node 'n1' cannot read 'n2', only its own Node object`],
    [
      'lists no nodes',
      { resource: 'nodes', verb: 'list' },
      `node 'n1' cannot read all nodes, only its own Node object`,
    ],
    ['deletes no node', { resource: 'nodes', verb: 'delete', name: 'n1' }, ''],
    [
      'reads no other Secret',
      { resource: 'secrets', namespace: 'shop', name: 'crown' },
      `no relationship found between node 'n1' and this object`,
    ],
    ['lists no Secrets', { resource: 'secrets', verb: 'list', namespace: 'shop' }, 'No Object name found'],
    [
      'writes no Secret',
      { resource: 'secrets', verb: 'update', namespace: 'shop', name: 'settings' },
      'can only read resources of this type',
    ],
    [
      'lists no pods of others',
      { resource: 'pods', verb: 'list', fieldSelector: 'spec.nodeName=n2' },
      'can only list/watch pods with spec.nodeName field selector',
    ],
    [
      'makes no tokens for other accounts',
      { resource: 'serviceaccounts', subresource: 'token', verb: 'create', namespace: 'shop', name: 'boss' },
      `no relationship found between node 'n1' and this object`,
    ],
    [
      'touches no other lease',
      { ...LEASES, verb: 'update', namespace: 'kube-node-lease', name: 'n2' },
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'touches no lease elsewhere',
      { ...LEASES, verb: 'get', namespace: 'shop', name: 'n1' },
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    ['reads no other claim', { ...CLAIMS, name: 'x' }, `no relationship found between node 'n1' and this object`],
    ['writes no claim', { ...CLAIMS, verb: 'update', name: 'gpu' }, 'can only get individual resources of this type'],
    ['reads no status of a claim', { ...CLAIMS, subresource: 'status', name: 'gpu' }, 'cannot get subresource'],
    [
      'changes no other devices',
      { ...SLICES, verb: 'delete', name: 'x' },
      `no relationship found between node 'n1' and this object`,
    ],
    [
      'lists no other devices',
      { ...SLICES, verb: 'list', fieldSelector: 'spec.nodeName!=n1' },
      'can only list/watch/deletecollection resourceslices with nodeName field selector',
    ],
    ['knows no parts of slices', { ...SLICES, subresource: 'status' }, 'cannot authorize ResourceSlice subresources'],
    ['polls for no other', { resourceRequest: false, path: '/agent/v1/nodes/n2/poll' }, ''],
    [
      'polls for no node whose name begins with its own',
      { resourceRequest: false, path: '/agent/v1/nodes/n10/poll' },
      '',
    ],
    ['reads no deployments', { apiGroup: 'apps', resource: 'deployments', verb: 'list' }, ''],
  ])('%s', async (_what, fields, reason) => {
    expect(await nodeOpinion(asks(fields), reaches)).toEqual({ decision: 'no-opinion', reason });
  });

  it('is told by group and name together', async () => {
    const pretender = { username: 'system:node:n1', uid: '', groups: ['dev'], extra: {} };
    expect((await nodeOpinion(asks({ user: pretender, resource: 'nodes', name: 'n1' }), reaches)).decision).toBe(
      'no-opinion',
    );
  });
});
