import { describe, expect, it } from 'vitest';
import type { UpdateStrategy } from '../../meta/resource.ts';
import { pod } from './pod.ts';
import type { Pod } from './pod-types.ts';
import rows from './testdata/pod-updates.json' with { type: 'json' };

interface Patch {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

/** Two states of a plain pod, and what upstream 1.37 says to the change. Only the first line of diffs is compared. */
interface Row {
  readonly name: string;
  /** `update`, or the subresource. */
  readonly op: string;
  readonly old: Patch;
  readonly next: Patch;
  readonly errors: readonly string[];
}

const CONTEXT = { now: Date.UTC(2026, 0, 1), user: { username: 'test', groups: [] } };

function podOf({ metadata, spec, status }: Patch): Pod {
  const object: Pod = structuredClone({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', resourceVersion: '1', ...metadata },
    spec: { containers: [{ name: 'c', image: 'nginx:1.2' }], ...spec },
    ...(status ? { status } : {}),
  });
  pod.defaults?.(object);
  return object;
}

function strategyOf(op: string): UpdateStrategy<Pod> {
  const strategy = op === 'update' ? pod.update : op === 'status' ? pod.status : pod.updateSubresources[op];
  if (!strategy) throw new Error(`no strategy ${op}`);
  return strategy;
}

describe('validation of pod updates', () => {
  it.each(rows as readonly Row[])('$op: $name', ({ op, old, next, errors }) => {
    const found = strategyOf(op).validateUpdate(podOf(next), podOf(old), CONTEXT);
    const texts = found.map(({ field, body }) => `${field}: ${body.split('\n', 1)[0]}`);
    expect(texts.sort()).toEqual([...errors].sort());
  });

  it('shows what a forbidden change would be', () => {
    const [error] = pod.update.validateUpdate(
      podOf({ spec: { hostname: 'b' } }),
      podOf({ spec: { hostname: 'a' } }),
      CONTEXT,
    );
    expect(error?.body).toContain('\n@@ -9,7 +9,7 @@\n    "Resources": {}');
    expect(error?.body).toContain('\n- "Hostname": "a",\n+ "Hostname": "b",\n');
  });
});

describe('what each way of writing a pod may touch', () => {
  const written = podOf({
    metadata: { labels: { a: 'new' } },
    spec: {
      containers: [{ name: 'c', image: 'new', resources: { requests: { cpu: '2' } } }],
      ephemeralContainers: [{ name: 'e', image: 'x' }],
      hostname: 'new',
    },
    status: { phase: 'Running', qosClass: 'Guaranteed' },
  });
  const stored = podOf({
    metadata: { labels: { a: 'old' } },
    spec: { containers: [{ name: 'c', image: 'old', resources: { requests: { cpu: '1' } } }], hostname: 'old' },
    status: { phase: 'Pending', qosClass: 'Burstable', observedGeneration: 3 },
  });
  const prepared = (op: string): Pod => {
    const next = structuredClone(written);
    strategyOf(op).prepareForUpdate?.(next, stored, CONTEXT);
    return next;
  };

  it('keeps the status on an update of the pod', () => {
    expect(prepared('update')).toMatchObject({ spec: { hostname: 'new' }, status: stored.status });
  });

  it('keeps all but the status on a status update', () => {
    const next = prepared('status');
    expect(next.spec).toEqual(stored.spec);
    expect(next.status).toMatchObject({ phase: 'Running', observedGeneration: 3 });
  });

  it('takes only ephemeral containers on that subresource', () => {
    const next = prepared('ephemeralcontainers');
    expect(next.spec).toEqual({ ...stored.spec, ephemeralContainers: written.spec?.ephemeralContainers });
    expect(next.metadata.labels).toEqual({ a: 'old' });
  });

  it('takes only resources on resize', () => {
    const next = prepared('resize');
    expect(next.spec?.containers[0]).toMatchObject({ image: 'old', resources: { requests: { cpu: '2' } } });
    expect(next.spec?.hostname).toBe('old');
    expect(next.spec?.ephemeralContainers).toBeUndefined();
  });

  it('never shares memory with the stored pod', () => {
    for (const op of ['update', 'status', 'ephemeralcontainers', 'resize']) {
      const next = prepared(op);
      expect(next.spec).not.toBe(stored.spec);
      expect(next.status).not.toBe(stored.status);
    }
  });
});
