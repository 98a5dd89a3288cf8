/** ComponentStatus: made when it is asked for, never stored. Source: pkg/registry/core/componentstatus. */
import type { IComponentStatus } from 'kubernetes-models/v1/ComponentStatus';
import { nameIsPathSegment } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { column, nameColumn } from '../printing.ts';

export type ComponentStatus = Typed<IComponentStatus>;

function cellsOf({ conditions = [] }: ComponentStatus): readonly [string, string, string] {
  const health = conditions.find(({ type }) => type === 'Healthy');
  if (!health) return ['Unknown', '', ''];
  return [health.status === 'True' ? 'Healthy' : 'Unhealthy', health.message ?? '', health.error ?? ''];
}

export const componentStatus = defineResource<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  singular: 'componentstatus',
  shortNames: ['cs'],
  verbs: ['get', 'list'],
  scope: 'Cluster',
  schema: 'V1ComponentStatus',
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  validateName: nameIsPathSegment,
  validate: () => [],
  update: { validateUpdate: () => [] },
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'Status of the component conditions'),
      column('Message', 'string', 'Message of the component conditions'),
      column('Error', 'string', 'Error of the component conditions'),
    ],
    cells: (component) => [component.metadata.name ?? '', ...cellsOf(component)],
  },
});
