/**
 * What a claim asks for, beyond what upstream declares on the types (declared-devices.ts).
 * Source: pkg/apis/resource/validation validateDeviceClaim.
 */
import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../field-checks.ts';
import { CONFIGS_MAX, CONSTRAINTS_MAX, REQUESTS_MAX, SELECTORS_MAX, SUB_REQUESTS_MAX } from './declared-devices.ts';
import { configurationErrors, manySlashesErrors, selectorErrors, tolerationsErrors } from './device-checks.ts';
import type {
  ClaimSpec,
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  ExactRequest,
  SubRequest,
} from './device-types.ts';

/** The names of a claim's requests, with those of their subrequests. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export const requestNamesOf = (spec: ClaimSpec | undefined): RequestNames =>
  new Map(
    (spec?.devices?.requests ?? []).map(({ name = '', firstAvailable }) => [
      name,
      new Set((firstAvailable ?? []).map((sub) => sub.name ?? '')),
    ]),
  );

/** Items of a list that is not too long; too long ones are refused unread. */
const within = <T>(items: readonly T[] | undefined, max: number): readonly T[] =>
  (items ?? []).length > max ? [] : (items ?? []);

const REFERENCE_TEXT =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

function isKnown(names: RequestNames, [request = '', sub]: readonly string[]): boolean {
  const subs = names.get(request);
  return subs !== undefined && (sub === undefined || subs.has(sub));
}

/** Errors of a reference to a request or to one of its subrequests. */
export function requestReferenceErrors(reference: string, names: RequestNames, field: string): FieldError[] {
  const segments = reference.split('/');
  if (segments.length > 2) return [invalid(field, reference, REFERENCE_TEXT)];
  return [
    ...segments.flatMap((segment) => dns1123LabelErrors(segment, field)),
    ...(isKnown(names, segments) ? [] : [invalid(field, reference, REFERENCE_TEXT)]),
  ];
}

export const requestReferencesErrors = (
  references: readonly string[] | undefined,
  names: RequestNames,
  field: string,
): FieldError[] =>
  within(references, REQUESTS_MAX).flatMap((reference, i) =>
    requestReferenceErrors(reference, names, `${field}.requests[${i}]`),
  );

export const selectorsErrors = (
  selectors: readonly DeviceSelector[] | undefined,
  field: string,
  isStored: boolean,
): FieldError[] =>
  within(selectors, SELECTORS_MAX).flatMap((selector, i) =>
    selectorErrors(selector, `${field}.selectors[${i}]`, isStored),
  );

function countErrors({ allocationMode, count = 0 }: ExactRequest | SubRequest, field: string): FieldError[] {
  const at = `${field}.count`;
  if (allocationMode === 'All' && count !== 0) {
    return [invalid(at, count, "must not be specified when allocationMode is 'All'")];
  }
  return allocationMode === 'ExactCount' && count <= 0 ? [invalid(at, count, 'must be greater than zero')] : [];
}

const subRequestErrors = (request: SubRequest, field: string): FieldError[] => [
  ...dns1123LabelErrors(request.name ?? '', `${field}.name`),
  ...selectorsErrors(request.selectors, field, false),
  ...countErrors(request, field),
  ...tolerationsErrors(request.tolerations, field),
];

function exactErrors(request: ExactRequest, field: string): FieldError[] {
  const { deviceClassName = '' } = request;
  const at = `${field}.deviceClassName`;
  return [
    ...(deviceClassName === '' ? [required(at)] : dns1123SubdomainErrors(deviceClassName, at)),
    ...selectorsErrors(request.selectors, field, false),
    ...countErrors(request, field),
    ...tolerationsErrors(request.tolerations, field),
  ];
}

const ONE_OF = 'exactly one of `exactly` or `firstAvailable` is required';

function requestErrors({ name = '', exactly, firstAvailable }: DeviceRequest, field: string): FieldError[] {
  const errors = dns1123LabelErrors(name, `${field}.name`);
  const hasAlternatives = (firstAvailable ?? []).length > 0;
  if (hasAlternatives && exactly) return [...errors, invalid(field, null, `${ONE_OF}, but multiple fields are set`)];
  if (exactly) return [...errors, ...exactErrors(exactly, `${field}.exactly`)];
  if (!hasAlternatives) return [...errors, required(field, ONE_OF)];
  return [
    ...errors,
    ...within(firstAvailable, SUB_REQUESTS_MAX).flatMap((sub, i) =>
      subRequestErrors(sub, `${field}.firstAvailable[${i}]`),
    ),
  ];
}

function constraintErrors(constraint: DeviceConstraint, names: RequestNames, field: string): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = requestReferencesErrors(requests, names, field);
  if (matchAttribute !== undefined) return [...errors, ...manySlashesErrors(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute !== undefined) {
    return [...errors, ...manySlashesErrors(distinctAttribute, `${field}.distinctAttribute`)];
  }
  // Upstream's text, which says more than is the case.
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, text)];
}

function deviceClaimErrors({ requests, constraints, config }: DeviceClaim, names: RequestNames, field: string) {
  return [
    ...within(requests, REQUESTS_MAX).flatMap((request, i) => requestErrors(request, `${field}.requests[${i}]`)),
    ...within(constraints, CONSTRAINTS_MAX).flatMap((constraint, i) =>
      constraintErrors(constraint, names, `${field}.constraints[${i}]`),
    ),
    ...within(config, CONFIGS_MAX).flatMap((configuration, i) => [
      ...requestReferencesErrors(configuration.requests, names, `${field}.config[${i}]`),
      ...configurationErrors(configuration, `${field}.config[${i}]`, false),
    ]),
  ];
}

/** All errors of a new spec at `field`, but those of what is declared. */
export const claimSpecErrors = (spec: ClaimSpec, field: string): FieldError[] =>
  deviceClaimErrors(spec.devices ?? {}, requestNamesOf(spec), `${field}.devices`);
