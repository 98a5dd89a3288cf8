/** How a `scale` subresource prints. Source: pkg/printers/internalversion/printers.go, autoscaling/v1. */
import type { Scale } from '../meta/scale.ts';
import type { TableDefinition } from '../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from './printing.ts';

export const scaleTable: TableDefinition<Scale> = {
  columns: [
    nameColumn,
    column('Desired', 'integer', 'replicas is the desired number of instances for the scaled object.'),
    column('Available', 'integer', 'replicas is the actual number of observed instances of the scaled object.'),
    ageColumn,
  ],
  cells: (scale, now) => [
    scale.metadata.name ?? '',
    scale.spec?.replicas ?? 0,
    scale.status.replicas,
    age(scale as { metadata: { creationTimestamp?: string } }, now),
  ],
};
