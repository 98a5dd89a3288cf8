/** Names, labels and volumes that a StatefulSet's pod keeps for life. Source: stateful_set_utils.go. */
import { cloneJson } from '../../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import type { StatefulSet } from '../../../schema/resources/apps/stateful-set.ts';
import { type ControllerRevision, REVISION_LABEL, templateOf } from '../controller-history.ts';
import { podFromTemplate } from '../pod-from-template.ts';

const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';

type ClaimTemplate = NonNullable<NonNullable<StatefulSet['spec']>['volumeClaimTemplates']>[number];

export const startOrdinal = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0;

export const podNameOf = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** -1 where the name is not `<set>-<number>`. */
export function ordinalOf(set: StatefulSet, pod: Pod): number {
  const match = /^(.*)-([0-9]+)$/.exec(pod.metadata.name ?? '');
  return match && match[1] === set.metadata.name ? Number(match[2]) : -1;
}

export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[REVISION_LABEL] ?? '';

export const claimName = (set: StatefulSet, template: ClaimTemplate, ordinal: number): string =>
  `${template.metadata?.name}-${set.metadata.name}-${ordinal}`;

/** The pod of an ordinal, of a revision's template. */
export function newStatefulPod(set: StatefulSet, revision: ControllerRevision, ordinal: number): UntypedObject {
  const pod = podFromTemplate(templateOf(revision), set);
  const name = podNameOf(set, ordinal);
  const { generateName: _generateName, ...metadata } = pod.metadata;
  const spec = pod.spec as NonNullable<Pod['spec']>;
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        [POD_NAME_LABEL]: name,
        [POD_INDEX_LABEL]: String(ordinal),
        [REVISION_LABEL]: revision.metadata.name ?? '',
      },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...withClaims(set, spec.volumes, ordinal),
    },
  };
}

function withClaims(set: StatefulSet, volumes: NonNullable<Pod['spec']>['volumes'], ordinal: number) {
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const others = (volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name));
  const all = [...claims, ...others];
  return all.length > 0 ? { volumes: all } : {};
}

/** The pod with its identity's labels put back; undefined when it has them. */
export function repairedIdentity(set: StatefulSet, pod: Pod): UntypedObject | undefined {
  const name = pod.metadata.name ?? '';
  const index = String(ordinalOf(set, pod));
  const { labels } = pod.metadata;
  if (labels?.[POD_NAME_LABEL] === name && labels[POD_INDEX_LABEL] === index) return undefined;
  const next = cloneJson(pod);
  next.metadata.labels = { ...labels, [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: index };
  return next as KubeObject as UntypedObject;
}

/** The claims of a pod's volumes, as they are to be created. */
export function newClaims(set: StatefulSet, ordinal: number): readonly UntypedObject[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const claim = cloneJson(template) as unknown as UntypedObject;
    const metadata = {
      ...claim.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...claim.metadata.labels, ...set.spec?.selector?.matchLabels },
    };
    const { status: _status, ...rest } = claim;
    return { ...rest, kind: 'PersistentVolumeClaim', apiVersion: 'v1', metadata };
  });
}
