/** ServiceCIDR. Source: pkg/registry/networking/servicecidr, pkg/apis/networking/validation (KEP-1880). */
import type { IServiceCIDR } from 'kubernetes-models/networking.k8s.io/v1/ServiceCIDR';
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { FIELD_IMMUTABLE } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { parseCidrSloppy, validateCidr } from '../ip-address.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type ServiceCIDR = Typed<IServiceCIDR>;

const CIDRS_MAX = 2;
const FIELD = 'spec.cidrs';

export const cidrsOf = ({ spec }: ServiceCIDR): readonly string[] => spec?.cidrs ?? [];

/** One network of each family. */
function isDualStack(cidrs: readonly string[]): boolean {
  const families = cidrs.map((cidr) => parseCidrSloppy(cidr)?.address.isV4);
  return families.includes(true) && families.includes(false) && !families.includes(undefined);
}

function cidrErrors(cidrs: readonly string[]): FieldError[] {
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')];
  const shown = { CIDRs: cidrs };
  if (cidrs.length > CIDRS_MAX) return [invalid(FIELD, shown, 'may only hold up to 2 values')];
  if (cidrs.length === 2 && !isDualStack(cidrs)) {
    const rule = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    return [invalid(FIELD, shown, rule)];
  }
  return cidrs.flatMap((cidr, i) => validateCidr(cidr, `${FIELD}[${i}]`));
}

/** A second family may be added; nothing else changes. */
function changeErrors(next: readonly string[], previous: readonly string[]): FieldError[] {
  const isConverted = previous.length === 1 && next.length === 2;
  if (next.length !== previous.length && !isConverted) return [invalid(FIELD, next, FIELD_IMMUTABLE)];
  const changed = previous.flatMap((cidr, i) =>
    next[i] === cidr ? [] : [invalid(`${FIELD}[${i}]`, next[i], FIELD_IMMUTABLE)],
  );
  return isConverted ? [...changed, ...cidrErrors(next)] : changed;
}

export const serviceCidr = defineResource<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  singular: 'servicecidr',
  scope: 'Cluster',
  schema: 'V1ServiceCIDR',
  validateName: nameIsDNSSubdomain,
  defaults(serviceCidr) {
    serviceCidr.spec ??= {};
    serviceCidr.status ??= {};
  },
  validate: (serviceCidr) => cidrErrors(cidrsOf(serviceCidr)),
  // Upstream leaves the status to those who write the object, too.
  update: { validateUpdate: (next, previous) => changeErrors(cidrsOf(next), cidrsOf(previous)) },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      const { labels, annotations, finalizers, ownerReferences } = previous.metadata;
      next.metadata = { ...next.metadata, labels, annotations, finalizers, ownerReferences };
    },
    validateUpdate: () => [],
  },
  table: {
    columns: [
      nameColumn,
      column(
        'CIDRs',
        'string',
        'cidrs defines the IP blocks in CIDR notation (e.g. "192.168.0.0/24" or "2001:db8::/64") from which to assign service cluster IPs. Max of two CIDRs is allowed, one of each IP family. This field is immutable.',
      ),
      ageColumn,
    ],
    cells: (serviceCidr, now) => [
      serviceCidr.metadata.name ?? '',
      cidrsOf(serviceCidr).join(','),
      age(serviceCidr, now),
    ],
  },
});
