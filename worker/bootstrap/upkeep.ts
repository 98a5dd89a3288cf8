/** Decides what becomes of an initial object that exists already. Pure. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Upkeep } from './initial-objects.ts';

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** Lists whose missing entries are added. Source: pkg/registry/rbac/reconciliation, without removal of what is extra. */
const GROWING_FIELDS = ['rules', 'subjects'] as const;

/** Same content whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function grown(existing: UntypedObject, wanted: UntypedObject): UntypedObject | undefined {
  if (existing.metadata.annotations?.[AUTOUPDATE] === 'false') return undefined;
  const next = structuredClone(existing);
  next.metadata.labels = { ...wanted.metadata.labels, ...next.metadata.labels };
  next.metadata.annotations = { ...wanted.metadata.annotations, ...next.metadata.annotations };
  for (const field of GROWING_FIELDS) {
    const present = (next[field] as unknown[] | undefined) ?? [];
    const known = new Set(present.map(canonical));
    const missing = ((wanted[field] as unknown[] | undefined) ?? []).filter((entry) => !known.has(canonical(entry)));
    if (missing.length > 0) next[field] = [...present, ...missing];
  }
  return canonical(next) === canonical(existing) ? undefined : next;
}

/** Every field of `wanted` outside metadata as wanted, the rest as it is. */
function replaced(existing: UntypedObject, wanted: UntypedObject): UntypedObject | undefined {
  const next = { ...structuredClone(existing), ...structuredClone(wanted) };
  next.metadata = {
    ...existing.metadata,
    labels: { ...existing.metadata.labels, ...wanted.metadata.labels },
  };
  return canonical(next) === canonical(existing) ? undefined : next;
}

/** The object to store instead of `existing`; undefined when it may stay. */
export function maintained(upkeep: Upkeep, existing: UntypedObject, wanted: UntypedObject): UntypedObject | undefined {
  switch (upkeep) {
    case 'keep':
      return undefined;
    case 'add':
      return grown(existing, wanted);
    case 'replace':
      return replaced(existing, wanted);
  }
}
