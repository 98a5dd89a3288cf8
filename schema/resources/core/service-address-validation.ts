/**
 * Rules on clusterIP(s), ipFamilies and ipFamilyPolicy, and on changing them.
 * Source: pkg/apis/core/validation ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngrade….
 */
import { firstIndexOf } from '../../meta/first-index.ts';
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { isIPv6Text, validateLegacyIp } from '../ip-address.ts';
import { clusterIpsOf, HEADLESS, isHeadless, needsHealthCheck, type Service } from './service-fields.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const IPS = 'spec.clusterIPs';
const UNCHANGEABLE = 'may not change once set';

function pairingErrors({ spec }: Service): FieldError[] {
  const { clusterIP = '', clusterIPs = [] } = spec;
  if (clusterIP === '') {
    return clusterIPs.length === 0 ? [] : [invalid(IPS, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  }
  if (clusterIPs.length === 0) return [required(IPS)];
  return clusterIPs[0] === clusterIP ? [] : [invalid(IPS, clusterIPs, 'first value must match `clusterIP`')];
}

function familyErrors({ spec }: Service): FieldError[] {
  const families = spec.ipFamilies ?? [];
  const errors = families.flatMap((family, i) => [
    ...(FAMILIES.includes(family) ? [] : [notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES)]),
    ...(firstIndexOf(families, family) < i ? [duplicate(`spec.ipFamilies[${i}]`, family)] : []),
  ]);
  const policy = spec.ipFamilyPolicy;
  if (policy === undefined || FAMILY_POLICIES.includes(policy)) return errors;
  return [...errors, notSupported('spec.ipFamilyPolicy', policy, FAMILY_POLICIES)];
}

function eachIpErrors(ips: readonly string[], knownIps: readonly string[]): FieldError[] {
  return ips.flatMap((ip, i) => {
    if (i !== 0 || ip !== HEADLESS) return validateLegacyIp(ip, `${IPS}[${i}]`, knownIps);
    return ips.length > 1 ? [invalid(IPS, ips, "'None' must be the first and only value")] : [];
  });
}

function familyMatchErrors(service: Service): FieldError[] {
  const families = service.spec.ipFamilies ?? [];
  if (isHeadless(service)) return [];
  return clusterIpsOf(service).flatMap((ip, i) => {
    const family = families[i];
    const isMatching = family === undefined || (family === 'IPv6') === isIPv6Text(ip);
    return isMatching
      ? []
      : [invalid(`${IPS}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``)];
  });
}

/** Errors of the address fields of one service; allocation asks for them too. */
export function validateClusterIpFields(service: Service, previous: Service | undefined): FieldError[] {
  if (service.spec.type === 'ExternalName') return [];
  const ips = clusterIpsOf(service);
  const ipErrors = eachIpErrors(ips, previous ? clusterIpsOf(previous) : []);
  const errors = [...pairingErrors(service), ...familyErrors(service), ...ipErrors];
  if (ips.length > 2) errors.push(invalid(IPS, ips, 'may only hold up to 2 values'));
  if (ipErrors.length > 0) return errors;
  const isDualStack = ips.some(isIPv6Text) && !ips.every(isIPv6Text);
  if (ips.length > 1 && !isDualStack)
    errors.push(invalid(IPS, ips, 'may specify no more than one IP for each IP family'));
  return [...errors, ...familyMatchErrors(service)];
}

const mustBeSingle = (service: Service, what: string): FieldError[] =>
  service.spec.ipFamilyPolicy === 'SingleStack'
    ? []
    : [
        invalid(
          'spec.ipFamilyPolicy',
          service.spec.ipFamilyPolicy,
          `must be set to 'SingleStack' when releasing the secondary ${what}`,
        ),
      ];

function clusterIpChanges(next: Service, previous: Service): FieldError[] {
  if (isHeadless(previous) && isHeadless(next)) return [];
  const before = clusterIpsOf(previous);
  const after = clusterIpsOf(next);
  const changed = (i: number): FieldError => invalid(`${IPS}[${i}]`, after, UNCHANGEABLE);
  if (before.length === after.length) return before.flatMap((ip, i) => (ip === after[i] ? [] : [changed(i)]));
  const isPrimaryChanged = before.length > 0 && after.length > 0 && before[0] !== after[0];
  const errors = isPrimaryChanged ? [changed(0)] : [];
  if (before.length < after.length) return errors;
  if (after.length === 0) return [invalid(`${IPS}[0]`, null, 'primary clusterIP can not be unset')];
  return after.length === 1 ? [...errors, ...mustBeSingle(next, 'clusterIP')] : errors;
}

function familyChanges(next: Service, previous: Service): FieldError[] {
  if (isHeadless(next) || isHeadless(previous)) return [];
  const before: readonly string[] = previous.spec.ipFamilies ?? [];
  const after: readonly string[] = next.spec.ipFamilies ?? [];
  const field = 'spec.ipFamilies[0]';
  if (before.length === after.length) {
    return before.flatMap((family, i) => (family === after[i] ? [] : [invalid(field, after, UNCHANGEABLE)]));
  }
  const isPrimaryChanged = before.length > 0 && after.length > 0 && before[0] !== after[0];
  const errors = isPrimaryChanged ? [invalid(field, clusterIpsOf(next), UNCHANGEABLE)] : [];
  if (before.length < after.length) return errors;
  if (clusterIpsOf(next).length === 0) errors.unshift(invalid(field, null, 'primary ipFamily can not be unset'));
  return after.length === 1 ? [...errors, ...mustBeSingle(next, 'ipFamily')] : errors;
}

/** Errors of changes to what stays for a service's life, unless its type comes from or goes to ExternalName. */
export function validateAddressChanges(next: Service, previous: Service): FieldError[] {
  const isRenamed = next.spec.type === 'ExternalName' || previous.spec.type === 'ExternalName';
  const errors = isRenamed ? [] : [...clusterIpChanges(next, previous), ...familyChanges(next, previous)];
  const { spec } = next;
  if (
    spec.type === 'LoadBalancer' &&
    previous.spec.type === 'LoadBalancer' &&
    spec.loadBalancerClass !== previous.spec.loadBalancerClass
  ) {
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, UNCHANGEABLE));
  }
  if (
    needsHealthCheck(previous) &&
    needsHealthCheck(next) &&
    (previous.spec.healthCheckNodePort ?? 0) !== (spec.healthCheckNodePort ?? 0)
  ) {
    errors.push(forbiddenField('spec.healthCheckNodePort', 'field is immutable'));
  }
  return errors;
}
