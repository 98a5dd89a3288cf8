/** ResourceClaim. Source: pkg/registry/resource/resourceclaim, pkg/apis/resource/validation. */
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { adminAccessErrors, adminAccessStatusErrors } from './admin-access.ts';
import {
  defaultClaimSpec,
  defaultClaimStatus,
  dropDeallocatedDevices,
  dropDisabledSpecFields,
  dropDisabledStatusFields,
} from './claim-fields.ts';
import { claimSpecErrors } from './claim-spec-validation.ts';
import { claimStatusErrors } from './claim-status-validation.ts';
import { declaredClaim, declaredClaimStatus } from './declared-devices.ts';
import type { ClaimStatus, ResourceClaim } from './device-types.ts';
import { statusAuthorizationErrors } from './status-authorization.ts';

const statusOf = ({ status }: ResourceClaim): ClaimStatus => status ?? {};

function stateOf({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const states = isDeleted ? ['deleted'] : [];
  if (!status?.allocation) return (isDeleted ? states : ['pending']).join(',');
  return [...states, 'allocated', ...(status.reservedFor?.length ? ['reserved'] : [])].join(',');
}

export const resourceClaim = defineResource<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  singular: 'resourceclaim',
  scope: 'Namespaced',
  schema: 'ResourceV1ResourceClaim',
  validateName: nameIsDNSSubdomain,
  defaults(claim) {
    defaultClaimSpec((claim.spec ??= {}));
    defaultClaimStatus((claim.status ??= {}));
  },
  prepareForCreate(claim) {
    claim.status = {};
    dropDisabledSpecFields(claim.spec);
  },
  validate: (claim, context) => [
    ...adminAccessErrors(claim.spec, context),
    ...claimSpecErrors(claim.spec ?? {}, 'spec'),
    ...declaredClaim(claim, undefined, ''),
  ],
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
      dropDisabledSpecFields(next.spec);
    },
    validateUpdate: (next, previous) => declaredClaim(next, previous, ''),
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      const status = (next.status ??= {});
      dropDisabledStatusFields(status);
      dropDeallocatedDevices(status, statusOf(previous));
    },
    validateUpdate: (next, previous, context) => [
      ...adminAccessStatusErrors(statusOf(next), statusOf(previous), context),
      ...statusAuthorizationErrors(statusOf(next), statusOf(previous), context),
      ...claimStatusErrors(next, previous),
      ...declaredClaimStatus(statusOf(next), statusOf(previous), 'status'),
    ],
  },
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column('State', 'string', 'A summary of the current state (allocated, pending, reserved, etc.).'),
      ageColumn,
    ],
    cells: (claim, now) => [claim.metadata.name ?? '', stateOf(claim), age(claim, now)],
  },
});
