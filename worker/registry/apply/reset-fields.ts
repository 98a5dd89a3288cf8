/**
 * Fields that a way of writing puts back, and that nobody thus comes to own by it: each strategy's
 * GetResetFields and GetResetFieldsFilter. Source: pkg/registry of Kubernetes.
 */
import type { Comparison } from './compare.ts';
import { asMember, type FieldSet, hasElement, isEmptySet, withoutPaths } from './field-set.ts';
import type { TrackedKind } from './versions.ts';

type Path = readonly string[];

export type FieldFilter =
  | { readonly excluded: readonly Path[] }
  /** Only what is at or below these paths; `*` stands for any element. */
  | { readonly included: readonly Path[] };

const SPEC: Path = ['f:spec'];
const STATUS: Path = ['f:status'];
const METADATA: Path = ['f:metadata'];

/** Kinds whose status is written without metadata. */
const STATUS_KEEPS_METADATA: ReadonlySet<string> = new Set([
  'devicetaintrules.resource.k8s.io',
  'evictionrequests.lifecycle.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'podcertificaterequests.certificates.k8s.io',
  'podgroups.scheduling.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  'resourceclaims.resource.k8s.io',
  'servicecidrs.networking.k8s.io',
  'storageversionmigrations.storagemigration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'volumeattachments.storage.k8s.io',
]);

const SPECIAL: Readonly<Record<string, FieldFilter>> = {
  'certificatesigningrequests.certificates.k8s.io': { excluded: [SPEC, STATUS] },
  'certificatesigningrequests.certificates.k8s.io/approval': { excluded: [SPEC, ['f:status', 'f:certificate']] },
  'certificatesigningrequests.certificates.k8s.io/status': { excluded: [SPEC, ['f:status', 'f:conditions']] },
  'deployments.apps/status': { excluded: [SPEC, ['f:metadata', 'f:labels']] },
  'namespaces/finalize': { excluded: [STATUS] },
  'pods/ephemeralcontainers': { included: [['f:spec', 'f:ephemeralContainers']] },
  'pods/resize': {
    included: [
      ['f:spec', 'f:containers', '*', 'f:resources'],
      ['f:spec', 'f:containers', '*', 'f:resizePolicy'],
      ['f:spec', 'f:initContainers', '*', 'f:resources'],
      ['f:spec', 'f:initContainers', '*', 'f:resizePolicy'],
    ],
  },
  'pods/status': { excluded: [SPEC, ['f:metadata', 'f:deletionTimestamp'], ['f:metadata', 'f:ownerReferences']] },
};

const filters = new Map<string, FieldFilter>();

/** What applies to writes of a kind or of one of its subresources. */
export function fieldFilterOf(definition: TrackedKind, subresource: string): FieldFilter {
  const id = subresource ? `${definition.key}/${subresource}` : definition.key;
  const known = filters.get(id);
  if (known) return known;
  const filter = SPECIAL[id] ?? plainFilter(definition, subresource);
  filters.set(id, filter);
  return filter;
}

function plainFilter({ key, status }: TrackedKind, subresource: string): FieldFilter {
  if (subresource === '') return { excluded: status ? [STATUS] : [] };
  if (subresource !== 'status') return { excluded: [] };
  return { excluded: STATUS_KEEPS_METADATA.has(key) ? [METADATA, SPEC] : [SPEC] };
}

export function filterSet(filter: FieldFilter, set: FieldSet): FieldSet {
  if (isEmptySet(set)) return set;
  return 'excluded' in filter ? withoutPaths(set, filter.excluded) : (included(set, filter.included) ?? {});
}

export const filterComparison = (filter: FieldFilter, { added, modified, removed }: Comparison): Comparison => ({
  added: filterSet(filter, added),
  modified: filterSet(filter, modified),
  removed: filterSet(filter, removed),
});

function included(node: FieldSet, paths: readonly Path[]): FieldSet | undefined {
  const out: FieldSet = {};
  for (const element of Object.keys(node)) {
    const matching = paths.filter(([first]) => first === '*' || first === element);
    if (matching.length === 0) continue;
    const inner = node[element] as FieldSet;
    if (matching.some((path) => path.length === 1)) {
      out[element] = inner;
      continue;
    }
    const kept = included(
      inner,
      matching.map((path) => path.slice(1)),
    );
    if (hasElement(node, element)) out[element] = asMember(kept);
    else if (kept) out[element] = kept;
  }
  return isEmptySet(out) ? undefined : out;
}
