import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import { systemUser, type UserInfo } from '../../schema/protocol/user-info.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import { executeWrite } from '../registry/execute.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { findCreateSubresource } from '../registry/subresources/create-subresources.ts';
import { admissionChain } from './chain.ts';

const NODE: UserInfo = { username: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} };

const object = (kind: string, name: string, fields: object = {}, apiVersion = 'v1'): UntypedObject => ({
  apiVersion,
  kind,
  metadata: { name, uid: `uid-${name}` },
  ...fields,
});

const namespace = (phase = 'Active') => object('Namespace', 'shop', { status: { phase } });

/** A namespace's shard in memory, with what every active namespace has. */
function shard(config: UntypedObject[] = [namespace()], accountFields: object = {}) {
  const tx = new MemoryTransaction('shop', 10);
  for (const one of config) {
    const resource = one.kind === 'Namespace' ? 'namespaces' : 'priorityclasses.scheduling.k8s.io';
    tx.configuration.push({ resource, object: one });
  }
  tx.put('serviceaccounts', { ...object('ServiceAccount', 'default', accountFields) });
  const write = (request: Partial<WriteRequest> & { resource: string; verb: WriteRequest['verb'] }): Answer =>
    executeWrite(
      {
        apiVersion: 'v1',
        namespace: tx.namespace,
        user: systemUser('test'),
        dryRun: false,
        fieldManager: 'test',
        ...request,
      } as WriteRequest,
      tx,
      {
        now: Date.parse('2026-11-21T12:00:00Z'),
        newUid: () => 'uid-new',
        randomSuffix: (length) => 'x'.repeat(length),
        definition: definitionOf,
        createSubresource: findCreateSubresource,
        admission: admissionChain({ randomSuffix: (length) => 'abcdefgh'.slice(0, length) }),
      },
    );
  const create = (resource: string, body: object, fields: Partial<WriteRequest> = {}) =>
    write({ resource, verb: 'create', body: JSON.stringify(body), ...fields });
  return { tx, write, create };
}

const pod = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', ...metadata },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});

const bodyOf = <T = Record<string, unknown>>(answer: Answer): T => JSON.parse(answer.body) as T;
const statusOf = (answer: Answer): Status => bodyOf<Status>(answer);

interface Spec {
  serviceAccountName: string;
  serviceAccount: string;
  automountServiceAccountToken?: boolean;
  volumes?: { name: string; projected: unknown }[];
  containers: { volumeMounts?: unknown[] }[];
  imagePullSecrets?: unknown[];
  tolerations: { key: string; effect: string; tolerationSeconds?: number }[];
  priority: number;
  priorityClassName?: string;
  preemptionPolicy: string;
}

const specOf = (answer: Answer): Spec => {
  expect(answer.code, answer.body).toBe(201);
  return bodyOf<{ spec: Spec }>(answer).spec;
};

describe('NamespaceLifecycle', () => {
  it('knows no namespace that is not there', () => {
    const { create } = shard([]);
    expect(statusOf(create('configmaps', object('ConfigMap', 'a')))).toMatchObject({
      code: 404,
      message: 'namespaces "shop" not found',
    });
  });

  it('lets nothing new into one that is going', () => {
    const { create } = shard([namespace('Terminating')]);
    expect(statusOf(create('configmaps', object('ConfigMap', 'a')))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace shop is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
  });

  it.each(['default', 'kube-system', 'kube-public'])('keeps %s', (name) => {
    const { tx, write } = shard();
    Object.defineProperty(tx, 'namespace', { value: '' });
    tx.put('namespaces', object('Namespace', name, { spec: { finalizers: ['kubernetes'] } }));
    const answer = write({ resource: 'namespaces', verb: 'delete', name, options: {} } as never);
    expect(statusOf(answer)).toMatchObject({
      code: 403,
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  });
});

describe('ServiceAccount', () => {
  it('gives a pod the default account and its token where in-cluster clients look for it', () => {
    const spec = specOf(shard().create('pods', pod()));
    expect([spec.serviceAccountName, spec.serviceAccount]).toEqual(['default', 'default']);
    expect(spec.volumes).toEqual([
      {
        name: 'kube-api-access-abcde',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
              },
            },
          ],
          defaultMode: 420,
        },
      },
    ]);
    expect(spec.containers[0]?.volumeMounts).toEqual([
      { name: 'kube-api-access-abcde', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ]);
  });

  it('leaves alone a pod, or an account, that wants no token', () => {
    expect(specOf(shard().create('pods', pod({ automountServiceAccountToken: false }))).volumes).toBeUndefined();
    const unwilling = shard([namespace()], { automountServiceAccountToken: false });
    expect(specOf(unwilling.create('pods', pod())).volumes).toBeUndefined();
    const willing = shard([namespace()], { automountServiceAccountToken: false });
    expect(specOf(willing.create('pods', pod({ automountServiceAccountToken: true }))).volumes).toHaveLength(1);
  });

  it('does not mount over what a container has there', () => {
    const mount = { name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
    const own = {
      volumes: [{ name: 'own', emptyDir: {} }],
      containers: [{ name: 'c', image: 'i', volumeMounts: [mount] }],
    };
    const spec = specOf(shard().create('pods', pod(own)));
    expect(spec.volumes?.map(({ name }) => name)).toEqual(['own']);
  });

  it("brings the account's pull secrets unless the pod has its own", () => {
    const account = { imagePullSecrets: [{ name: 'registry' }] };
    expect(specOf(shard([namespace()], account).create('pods', pod())).imagePullSecrets).toEqual([
      { name: 'registry' },
    ]);
    const own = specOf(shard([namespace()], account).create('pods', pod({ imagePullSecrets: [{ name: 'mine' }] })));
    expect(own.imagePullSecrets).toEqual([{ name: 'mine' }]);
  });

  it('refuses an account that is not there', () => {
    expect(statusOf(shard().create('pods', pod({ serviceAccountName: 'robot' })))).toMatchObject({
      code: 403,
      message: 'pods "web" is forbidden: error looking up service account shop/robot: serviceaccount "robot" not found',
    });
  });

  it('enforces the mountable secrets of an account that asks for it', () => {
    const { tx, create } = shard();
    const strict = object('ServiceAccount', 'strict', { secrets: [{ name: 'allowed' }] });
    strict.metadata.annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
    tx.put('serviceaccounts', strict);
    const using = (secretName: string) =>
      create('pods', pod({ serviceAccountName: 'strict', volumes: [{ name: 's', secret: { secretName } }] }));
    expect(statusOf(using('other')).message).toBe(
      'pods "web" is forbidden: volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    );
    expect(using('allowed').code).toBe(201);
  });
});

describe('Priority', () => {
  const priorityClass = (name: string, value: number, fields: object = {}) =>
    object('PriorityClass', name, { value, ...fields }, 'scheduling.k8s.io/v1');

  it('is zero without classes', () => {
    expect(specOf(shard().create('pods', pod()))).toMatchObject({
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
  });

  it('is that of the named class', () => {
    const { create } = shard([namespace(), priorityClass('high', 1000, { preemptionPolicy: 'Never' })]);
    expect(specOf(create('pods', pod({ priorityClassName: 'high' })))).toMatchObject({
      priority: 1000,
      preemptionPolicy: 'Never',
    });
  });

  it('of an unknown class, or one that contradicts it, is refused', () => {
    const { create } = shard([namespace(), priorityClass('high', 1000)]);
    expect(statusOf(create('pods', pod({ priorityClassName: 'none' }))).message).toBe(
      'pods "web" is forbidden: no PriorityClass with name none was found',
    );
    expect(statusOf(create('pods', pod({ priorityClassName: 'high', priority: 5 }))).message).toBe(
      'pods "web" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    );
  });
});

describe('DefaultTolerationSeconds', () => {
  it('keeps pods on an absent node for five minutes unless they say otherwise', () => {
    const spec = specOf(shard().create('pods', pod()));
    expect(spec.tolerations.map(({ key, effect, tolerationSeconds }) => [key, effect, tolerationSeconds])).toEqual([
      ['node.kubernetes.io/not-ready', 'NoExecute', 300],
      ['node.kubernetes.io/unreachable', 'NoExecute', 300],
    ]);
    const everything = specOf(shard().create('pods', pod({ tolerations: [{ operator: 'Exists' }] })));
    expect(everything.tolerations).toHaveLength(1);
  });
});

describe('nodes', () => {
  function clusterShard() {
    const made = shard();
    Object.defineProperty(made.tx, 'namespace', { value: '' });
    return made;
  }
  const node = (name: string, metadata: object = {}, spec: object = {}) => ({
    ...object('Node', name, { spec }),
    metadata: { name, ...metadata },
  });

  it('are born tainted', () => {
    const answer = clusterShard().create('nodes', node('n1'), { user: NODE });
    expect(answer.code, answer.body).toBe(201);
    expect(bodyOf<{ spec: unknown }>(answer).spec).toEqual({
      taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
    });
  });

  it('register only themselves, without labels that draw work to them', () => {
    const { create } = clusterShard();
    expect(statusOf(create('nodes', node('n2'), { user: NODE })).message).toBe(
      'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    );
    const labels = {
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/zone': 'a',
      'example.com/x': 'y',
      'node-role.kubernetes.io/control-plane': '',
      'team.node-restriction.kubernetes.io/x': 'y',
    };
    expect(statusOf(create('nodes', node('n1', { labels }), { user: NODE })).message).toBe(
      'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: node-role.kubernetes.io/control-plane, team.node-restriction.kubernetes.io/x',
    );
  });

  it('do not take off their taints', () => {
    const { write, create } = clusterShard();
    create('nodes', node('n1'), { user: NODE });
    const patch = { spec: { taints: [] } };
    const answer = write({
      resource: 'nodes',
      verb: 'patch',
      name: 'n1',
      patchType: 'merge',
      body: JSON.stringify(patch),
      force: false,
      fieldValidation: 'Ignore',
      user: NODE,
    } as never);
    expect(statusOf(answer).message).toBe('nodes "n1" is forbidden: node "n1" is not allowed to modify taints');
  });

  it('publish and take back only devices of their own', () => {
    const { create, write } = clusterShard();
    const slice = (name: string, nodeName: string) =>
      object('ResourceSlice', name, {
        spec: { driver: 'a.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName },
      });
    const resource = 'resourceslices.resource.k8s.io';
    expect(statusOf(create(resource, slice('a', 'n2'), { user: NODE })).message).toBe(
      'resourceslices.resource.k8s.io "a" is forbidden: can only create ResourceSlice with the same NodeName as the requesting node',
    );
    expect(create(resource, slice('b', 'n1'), { user: NODE }).code).toBe(201);
    create(resource, slice('c', 'n2'));
    const remove = (name: string) => write({ resource, verb: 'delete', name, options: {}, user: NODE } as never);
    expect(statusOf(remove('c')).message).toBe(
      'resourceslices.resource.k8s.io "c" is forbidden: can only delete ResourceSlice with the same NodeName as the requesting node',
    );
    expect(remove('b').code).toBe(200);
  });

  it('report and remove only pods that are bound to them', () => {
    const { create, write } = shard();
    create('pods', pod({ nodeName: 'n2' }));
    const status = write({
      resource: 'pods',
      subresource: 'status',
      verb: 'patch',
      name: 'web',
      patchType: 'merge',
      body: '{"status":{"phase":"Running"}}',
      force: false,
      fieldValidation: 'Ignore',
      user: NODE,
    } as never);
    expect(statusOf(status).message).toBe(
      'pods "web" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
    );
    const removed = write({ resource: 'pods', verb: 'delete', name: 'web', options: {}, user: NODE } as never);
    expect(statusOf(removed).message).toBe(
      'pods "web" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
    );
    expect(statusOf(create('pods', pod({ nodeName: 'n1' }, { name: 'mine' }), { user: NODE })).message).toBe(
      'pods "mine" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
  });
});

describe('a mirror pod', () => {
  const mirrorOf = (spec: object) => {
    const { create } = shard([namespace()]);
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'uid-n1', controller: true };
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] };
    return create('pods', pod({ nodeName: 'n1', ...spec }, metadata), { user: NODE, writerNodeUid: 'uid-n1' });
  };
  const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });
  const container = (fields: object) => ({ containers: [{ name: 'c', image: 'nginx', ...fields }] });

  it.each<[string, object]>([
    ['a service account', { serviceAccountName: 'default' }],
    ['secrets', volume({ secret: { secretName: 's' } })],
    ['secrets', volume({ projected: { sources: [{ secret: { name: 's' } }] } })],
    ['secrets', { imagePullSecrets: [{ name: 's' }] }],
    ['secrets', container({ envFrom: [{ secretRef: { name: 's' } }] })],
    ['configmaps', volume({ configMap: { name: 'c' } })],
    ['configmaps', container({ env: [{ name: 'E', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] })],
    ['clustertrustbundles', volume({ projected: { sources: [{ clusterTrustBundle: { name: 'b', path: 'p' } }] } })],
    ['persistentvolumeclaims', volume({ persistentVolumeClaim: { claimName: 'c' } })],
    ['resourceclaims', { resourceClaims: [{ name: 'c', resourceClaimName: 'c' }] }],
  ])('may not refer to %s', (what, spec) => {
    expect(statusOf(mirrorOf(spec)).message).toBe(
      `pods "web" is forbidden: node "n1" can not create pods that reference ${what}`,
    );
  });

  it('may be made of what is in it', () => {
    expect(mirrorOf(volume({ hostPath: { path: '/etc', type: '' } })).code).toBe(201);
  });
});

describe('pods/binding and pods/eviction', () => {
  const bind = (name: string, target: object, metadata: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, ...metadata },
    target,
  });

  it('give a pod its node once', () => {
    const { tx, create } = shard();
    create('pods', pod());
    const binding = bind('web', { kind: 'Node', name: 'n1' }, { annotations: { a: 'b' } });
    const bound = create('pods', binding, { subresource: 'binding', name: 'web' });
    expect(bodyOf(bound)).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
    const stored = tx.get('pods', 'web');
    expect(stored?.['spec']).toMatchObject({ nodeName: 'n1' });
    expect(stored?.metadata.annotations).toEqual({ a: 'b' });
    expect(stored?.['status']).toMatchObject({ conditions: [{ type: 'PodScheduled', status: 'True' }] });
    const again = create('pods', bind('web', { name: 'n2' }), { subresource: 'binding', name: 'web' });
    expect(statusOf(again)).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
    });
  });

  it('are refused for the wrong pod and for targets that are no nodes', () => {
    const { create } = shard();
    create('pods', pod());
    const at = { subresource: 'binding', name: 'web' } as never;
    expect(statusOf(create('pods', bind('other', { name: 'n1' }), at)).message).toBe(
      'name in URL does not match name in Binding object',
    );
    expect(statusOf(create('pods', bind('web', { kind: 'Rack', name: 'n1' }), at)).code).toBe(422);
    expect(statusOf(create('pods', bind('web', { name: 'n1' }, { uid: 'other' }), at)).code).toBe(409);
    const none = { subresource: 'binding', name: 'none' } as never;
    expect(statusOf(create('pods', bind('none', { name: 'n1' }), none)).code).toBe(404);
  });

  it('say in the pod why it is going', () => {
    const { tx, create } = shard();
    create('pods', pod({ nodeName: 'n1' }));
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
    const at = { subresource: 'eviction', name: 'web' } as never;
    expect(create('pods', eviction, at).code).toBe(201);
    const going = tx.get('pods', 'web');
    expect(going?.metadata.deletionTimestamp).toBeDefined();
    expect(going?.['status']).toMatchObject({
      conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }],
    });
    const stale = { ...eviction, deleteOptions: { preconditions: { uid: 'other' } } };
    expect(statusOf(create('pods', stale, at)).code).toBe(409);
  });
});
