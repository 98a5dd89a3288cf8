/** Small kinds and an environment for the registry's tests. */
import { invalid } from '../../schema/meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../schema/meta/name-rules.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { defineResource, type ResourceDefinition } from '../../schema/meta/resource.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import { openAdmission, type RegistryEnvironment } from './environment.ts';
import { executeWrite } from './execute.ts';
import type { MemoryTransaction } from './memory-transaction.ts';

/** 2026-01-02T03:04:05.678Z */
export const TEST_NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const table = { columns: [], cells: () => [] };

const spec = (object: UntypedObject): Record<string, number> => (object.spec ?? {}) as Record<string, number>;

const replicaErrors = (object: UntypedObject) =>
  (spec(object).replicas ?? 0) < 0
    ? [invalid('spec.replicas', spec(object).replicas, 'must be greater than or equal to 0')]
    : [];

/** Configuration without generation; deletes answer a Status. */
export const boxes = defineResource<UntypedObject>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  scope: 'Namespaced',
  schema: 'V1ConfigMap',
  validateName: nameIsDNSSubdomain,
  validate: () => [],
  update: { validateUpdate: () => [] },
  table,
});

/** A workload: generation, status, scale, validation of spec.replicas. */
export const fleets = defineResource<UntypedObject>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  scope: 'Namespaced',
  schema: 'V1Deployment',
  hasGeneration: true,
  validateName: nameIsDNSSubdomain,
  defaults(object) {
    const fields = (object.spec ??= {}) as Record<string, number>;
    fields.replicas ??= 1;
  },
  prepareForCreate(object) {
    object.status = {};
  },
  validate: replicaErrors,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: replicaErrors,
    warnings: (next) => (spec(next).replicas === 13 ? ['spec.replicas: thirteen'] : []),
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
    },
    validateUpdate: () => [],
  },
  scale: {
    replicas: (object) => spec(object).replicas ?? 0,
    statusReplicas: () => 0,
    selector: () => 'app=web',
    setReplicas(object, replicas) {
      spec(object).replicas = replicas;
    },
  },
  table,
});

/** Deleted gracefully, and answered as an object. */
export const ships = defineResource<UntypedObject>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  scope: 'Namespaced',
  schema: 'V1Pod',
  hasGeneration: true,
  returnsDeletedObject: true,
  validateName: nameIsDNSSubdomain,
  validate: () => [],
  update: { validateUpdate: () => [] },
  gracefulDeletion: { gracePeriodSeconds: (object, requested) => requested ?? spec(object).grace ?? 30 },
  table,
});

/** Created by PUT; updates need a resourceVersion. */
export const leases = defineResource<UntypedObject>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  scope: 'Namespaced',
  schema: 'V1Lease',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validateName: nameIsDNSSubdomain,
  validate: () => [],
  update: { validateUpdate: () => [] },
  table,
});

/** Held by spec.finalizers, marked by a phase. */
export const spaces = defineResource<UntypedObject>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  scope: 'Cluster',
  schema: 'V1Namespace',
  validateName: nameIsDNSSubdomain,
  prepareForCreate(object) {
    object.spec = { finalizers: ['kubernetes'] };
    object.status = { phase: 'Active' };
  },
  validate: () => [],
  update: { validateUpdate: () => [] },
  updateSubresources: { finalize: { validateUpdate: () => [] } },
  heldDeletion: {
    isHeld: (object) => ((object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []).length > 0,
    markDeleting(object) {
      object.status = { phase: 'Terminating' };
    },
  },
  table,
});

const kinds: readonly ResourceDefinition[] = [boxes, fleets, ships, leases, spaces];

/** Uids and suffixes are counted, so that answers can be written down. */
export function testEnvironment(overrides: Partial<RegistryEnvironment> = {}): RegistryEnvironment {
  let uids = 0;
  let suffixes = 0;
  return {
    now: TEST_NOW,
    newUid: () => `uid-${++uids}`,
    randomSuffix: (length) => String(++suffixes).padStart(length, 'x'),
    definition: (resource) => kinds.find(({ key }) => key === resource),
    createSubresource: () => undefined,
    admission: openAdmission,
    ...overrides,
  };
}

const base = {
  apiVersion: 'v1',
  namespace: 'shop',
  user: { username: 'jane', uid: '', groups: [], extra: {} },
  dryRun: false,
  fieldManager: 'test',
};

/** `WriteRequest` with everything but the essentials filled in. Bodies may be given as objects. */
export type TestRequest = { verb: WriteRequest['verb']; resource: string; body?: unknown } & Record<string, unknown>;

export function run(
  request: TestRequest,
  tx: MemoryTransaction,
  env = testEnvironment(),
): { code: number; body: unknown; warnings?: readonly string[] } {
  const definition = env.definition(request.resource);
  const apiVersion = definition?.group ? `${definition.group}/${definition.version}` : 'v1';
  const namespace = definition?.scope === 'Cluster' ? '' : 'shop';
  const full = {
    ...base,
    apiVersion,
    namespace,
    options: {},
    labelSelector: '',
    fieldSelector: '',
    ...request,
    body: JSON.stringify(request.body),
  } as unknown as WriteRequest;
  const answer: Answer = executeWrite(full, tx, env);
  return { ...answer, body: JSON.parse(answer.body) };
}
