/** ServiceAccount. Source: pkg/registry/core/serviceaccount, pkg/apis/core/validation. */
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, nameColumn } from '../printing.ts';

export type ServiceAccount = Typed<IServiceAccount>;

const ENFORCE_MOUNTABLE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

/** Of a reference to a Secret only the name means something. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => ({ name }));
}

const isEnforcing = (account: ServiceAccount): boolean =>
  Object.hasOwn(account.metadata.annotations ?? {}, ENFORCE_MOUNTABLE_SECRETS);

export const serviceAccount = defineResource<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  scope: 'Namespaced',
  schema: 'V1ServiceAccount',
  validateName: nameIsDNSSubdomain,
  prepareForCreate: keepSecretNames,
  validate: () => [],
  update: {
    prepareForUpdate: keepSecretNames,
    validateUpdate: () => [],
    warnings(next, previous) {
      if ((previous && isEnforcing(previous)) || !isEnforcing(next)) return [];
      return [
        `metadata.annotations[${ENFORCE_MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ];
    },
  },
  returnsDeletedObject: true,
  table: {
    columns: [nameColumn, ageColumn],
    cells: (account, now) => [account.metadata.name ?? '', age(account, now)],
  },
});
