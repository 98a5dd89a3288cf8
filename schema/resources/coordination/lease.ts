/** Lease. Source: pkg/registry/coordination/lease, pkg/apis/coordination/validation. */
import type { ILease } from 'kubernetes-models/coordination.k8s.io/v1/Lease';
import { type FieldError, invalid } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type Lease = Typed<ILease>;

/** Coordinated leader election, an alpha feature that is off: its fields are not kept. */
function dropElectionFields(next: Lease): void {
  delete next.spec?.strategy;
  delete next.spec?.preferredHolder;
}

function validateLease({ spec = {} }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds, leaseTransitions } = spec;
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  return errors;
}

export const lease = defineResource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  scope: 'Namespaced',
  schema: 'V1Lease',
  validateName: nameIsDNSSubdomain,
  defaults(lease) {
    lease.spec ??= {};
  },
  prepareForCreate: dropElectionFields,
  validate: validateLease,
  update: { prepareForUpdate: dropElectionFields, validateUpdate: validateLease },
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  table: {
    columns: [
      nameColumn,
      column(
        'Holder',
        'string',
        'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
      ),
      ageColumn,
    ],
    cells: (lease, now) => [lease.metadata.name ?? '', lease.spec?.holderIdentity ?? '', age(lease, now)],
  },
});
