/** All workload kinds, held to what upstream 1.37 itself answered. Pods have tests of their own. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../meta/object-meta.ts';
import type { ResourceDefinition } from '../meta/resource.ts';
import { controllerRevision } from './apps/controller-revision.ts';
import { daemonSet } from './apps/daemon-set.ts';
import { deployment } from './apps/deployment.ts';
import { replicaSet } from './apps/replica-set.ts';
import { statefulSet } from './apps/stateful-set.ts';
import { cronJob } from './batch/cron-job.ts';
import { job } from './batch/job.ts';
import { podTemplate } from './core/pod-template.ts';
import { replicationController } from './core/replication-controller.ts';
import { created, decoded, rowOf, updated } from './kind-fixture.ts';
import printingRows from './testdata/workload-printing.json' with { type: 'json' };
import validationRows from './testdata/workload-validation.json' with { type: 'json' };

type Fields = Record<string, unknown>;

const KINDS = [
  controllerRevision,
  cronJob,
  daemonSet,
  deployment,
  job,
  podTemplate,
  replicaSet,
  replicationController,
  statefulSet,
] as unknown as readonly ResourceDefinition<KubeObject>[];

function definitionOf(kind: string): ResourceDefinition<KubeObject> {
  const found = KINDS.find((definition) => definition.kind === kind);
  if (!found) throw new Error(`no kind ${kind}`);
  return found;
}

const template = (spec: Fields = {}, labels: Fields = { a: 'b' }) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'x:1' }], ...spec },
});
const SELECTOR = { matchLabels: { a: 'b' } };
const LABELS_OF_JOB = {
  'controller-uid': 'u',
  'batch.kubernetes.io/controller-uid': 'u',
  'job-name': 'w',
  'batch.kubernetes.io/job-name': 'w',
};

/** The plain objects, which the rows change. */
const PLAIN: Record<string, Fields> = {
  ControllerRevision: { revision: 1, data: { a: 1 } },
  CronJob: {
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: template({ restartPolicy: 'Never' }) } } },
  },
  DaemonSet: {
    metadata: { annotations: { 'deprecated.daemonset.template.generation': '1' } },
    spec: { selector: SELECTOR, template: template() },
  },
  Deployment: { spec: { selector: SELECTOR, template: template() } },
  Job: {
    metadata: { uid: 'u' },
    spec: {
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
      template: template({ restartPolicy: 'Never' }, LABELS_OF_JOB),
    },
  },
  PodTemplate: { template: template() },
  ReplicaSet: { spec: { selector: SELECTOR, template: template() } },
  ReplicationController: { spec: { selector: { a: 'b' }, template: template() } },
  StatefulSet: { spec: { serviceName: 's', selector: SELECTOR, template: template() } },
};

/** Changes to the plain object: `change` over its spec, `root` over itself. `null` takes a field away. */
interface ValidationRow {
  readonly kind: string;
  readonly name: string;
  /** `create`, `update` or `status`. */
  readonly op: string;
  readonly change?: Fields;
  readonly root?: Fields;
  readonly metadata?: Fields;
  readonly status?: Fields;
  readonly old?: Fields;
  readonly oldStatus?: Fields;
  readonly errors: readonly string[];
}

const withoutNulls = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

function plainWith(kind: string, { change, root, metadata, status }: Partial<ValidationRow>): KubeObject {
  const plain = PLAIN[kind] ?? {};
  return decoded(definitionOf(kind), {
    ...withoutNulls({ ...plain, ...root }),
    metadata: { name: 'w', ...(plain.metadata as Fields | undefined), ...metadata },
    ...(plain.spec ? { spec: withoutNulls({ ...(plain.spec as Fields), ...change }) } : {}),
    ...(status ? { status } : {}),
  });
}

function errorsOf(row: ValidationRow): string[] {
  const definition = definitionOf(row.kind);
  const context = { now: 0, user: { username: 'someone', groups: [] } };
  const next = plainWith(row.kind, row);
  if (row.op === 'create') return definition.validate(next, context).map(({ field, body }) => `${field}: ${body}`);
  const previous = plainWith(row.kind, { change: row.old, status: row.oldStatus });
  const strategy = row.op === 'status' ? definition.status : definition.update;
  return (strategy?.validateUpdate(next, previous, context) ?? []).map(({ field, body }) => `${field}: ${body}`);
}

describe('validation of workload kinds', () => {
  it.each(validationRows as readonly ValidationRow[])('$kind $op: $name', (row) => {
    expect([...new Set(errorsOf(row))].sort()).toEqual([...row.errors].sort());
  });
});

interface PrintingRow extends Fields {
  readonly kind: string;
  readonly name: string;
  readonly metadata?: Fields;
  readonly cells: readonly unknown[];
}

/** The rows' times are seen from here, and their objects were created an hour before. */
const PRINTED_AT = Date.UTC(2026, 0, 2);

describe('tables of workload kinds', () => {
  it.each(printingRows as readonly PrintingRow[])('$kind: $name', (row) => {
    const { kind, metadata, cells, ...fields } = row;
    const definition = definitionOf(kind);
    const object = decoded(definition, {
      ...fields,
      metadata: { name: 'web', creationTimestamp: '2026-01-01T23:00:00Z', ...metadata },
    });
    expect(definition.table.cells(object, PRINTED_AT)).toEqual(cells);
  });
});

describe('scale', () => {
  it.each(['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'])(
    'reads and sets replicas of %s',
    (kind) => {
      const { scale } = definitionOf(kind);
      const object = plainWith(kind, { change: { replicas: 3 }, status: { replicas: 2 } });
      expect(scale?.replicas(object)).toBe(3);
      expect(scale?.statusReplicas(object)).toBe(2);
      expect(scale?.selector(object)).toBe('a=b');
      scale?.setReplicas(object, 0);
      expect(scale?.replicas(object)).toBe(0);
    },
  );
});

describe('strategies', () => {
  it('fills in a Deployment', () => {
    const { object, errors } = created(deployment, { ...PLAIN.Deployment, status: { replicas: 9 } });
    expect(errors).toEqual([]);
    expect(object.spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    expect(object.status).toEqual({});
  });

  it.each([
    ['Deployment', deployment],
    ['ReplicaSet', replicaSet],
    ['StatefulSet', statefulSet],
    ['DaemonSet', daemonSet],
  ] as unknown as [string, ResourceDefinition<KubeObject>][])(
    'keeps spec and status of %s apart',
    (kind, definition) => {
      const previous = plainWith(kind, { status: { replicas: 1 } }) as KubeObject & { spec: Fields; status: Fields };
      const specChange = (next: typeof previous) => Object.assign(next, { status: { replicas: 5 } });
      expect(updated(definition as typeof replicaSet, previous as never, specChange as never).object.status).toEqual(
        previous.status,
      );
      const statusChange = (next: typeof previous) => {
        next.spec.minReadySeconds = 7;
        next.status.observedGeneration = 1;
      };
      const { object } = updated(definition as typeof replicaSet, previous as never, statusChange as never, {
        subresource: 'status',
      });
      expect(object.spec?.minReadySeconds).toBeUndefined();
      expect(object.status?.observedGeneration).toBe(1);
    },
  );

  it('tells a Deployment’s controller of other annotations', () => {
    const web = decoded(deployment, { ...PLAIN.Deployment, metadata: { generation: 3 } });
    const annotate = (next: KubeObject) => {
      next.metadata.annotations = { a: 'b' };
    };
    expect(updated(deployment, web, annotate).object.metadata.generation).toBe(4);
    expect(updated(deployment, web, () => undefined).object.metadata.generation).toBe(3);
  });

  it('keeps the labels of a Deployment in status updates, and those of a ReplicaSet not', () => {
    const relabel = (next: KubeObject) => {
      next.metadata.labels = { new: 'label' };
    };
    const status = { subresource: 'status' };
    const labels = { old: 'label' };
    const web = decoded(deployment, { ...PLAIN.Deployment, metadata: { labels } });
    expect(updated(deployment, web, relabel, status).object.metadata.labels).toEqual(labels);
    const set = decoded(replicaSet, { ...PLAIN.ReplicaSet, metadata: { labels } });
    expect(updated(replicaSet, set, relabel, status).object.metadata.labels).toEqual({ new: 'label' });
  });

  it('warns of fields a template’s pods would be warned of', () => {
    const object = decoded(deployment, {
      spec: { selector: SELECTOR, template: template({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }) },
    });
    expect(deployment.update.warnings?.(object, undefined)).toEqual([
      'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ]);
    expect(deployment.update.warnings?.(object, structuredClone(object))).toEqual([]);
  });

  it('prints what a Deployment runs with -o wide', () => {
    expect(rowOf(deployment, decoded(deployment, PLAIN.Deployment))).toEqual([
      'x',
      '0/1',
      0,
      0,
      '60m',
      'c',
      'x:1',
      'a=b',
    ]);
  });
});
