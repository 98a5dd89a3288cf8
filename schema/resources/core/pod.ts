/** Pod. Source: kubernetes pkg/registry/core/pod, pkg/apis/core (1.37). */
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource } from '../../meta/resource.ts';
import { setPodDefaults } from './pod-defaults.ts';
import { podTable } from './pod-printing.ts';
import {
  podGracefulDeletion,
  podStatusUpdate,
  podUpdate,
  podUpdateSubresources,
  preparePodForCreate,
  validatePod,
} from './pod-strategy.ts';
import type { Pod } from './pod-types.ts';

const SELECTABLE_FIELDS = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.podIPs',
  'status.nominatedNodeName',
] as const;

function selectableFields({ spec, status }: Pod): Record<(typeof SELECTABLE_FIELDS)[number], string> {
  return {
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.restartPolicy': spec?.restartPolicy ?? '',
    'spec.schedulerName': spec?.schedulerName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec?.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIPs?.[0]?.ip ?? '',
    // Upstream knows the label and never fills it.
    'status.podIPs': '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  };
}

export const pod = defineResource<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'V1Pod',
  validateName: nameIsDNSSubdomain,
  defaults: setPodDefaults,
  prepareForCreate: preparePodForCreate,
  validate: validatePod,
  update: podUpdate,
  status: podStatusUpdate,
  updateSubresources: podUpdateSubresources,
  hasGeneration: true,
  returnsDeletedObject: true,
  gracefulDeletion: podGracefulDeletion,
  selectableFields,
  selectableFieldNames: SELECTABLE_FIELDS,
  table: podTable,
});
