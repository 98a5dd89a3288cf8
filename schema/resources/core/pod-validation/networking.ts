/** Rules for a pod's names, DNS and host network. Source: kubernetes pkg/apis/core/validation (1.37). */
import { pushAll } from '../../../meta/push-all.ts';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../../meta/field-error.ts';
import { byteLength } from '../../../meta/go-format.ts';
import { isDNS1123SubdomainWithUnderscore } from '../../../meta/name-rules.ts';
import { validateLegacyIp } from '../../ip-address.ts';
import type { PodSpec } from '../pod-types.ts';
import { pushInvalid, validateDNS1123Subdomain } from './names.ts';
import type { PodValidationOptions } from './options.ts';

const NAMESERVERS_ITEMS_MAX = 3;
const SEARCHES_ITEMS_MAX = 32;
const SEARCHES_BYTES_MAX = 2048;
const HOSTNAME_OVERRIDE_BYTES_MAX = 64;

export function validateDnsConfig(spec: PodSpec, path: string, errors: FieldError[]): void {
  const { dnsConfig, dnsPolicy } = spec;
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return void errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
    if (!dnsConfig.nameservers?.length) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return void errors.push(required(`${path}.nameservers`, detail));
    }
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (nameservers.length > NAMESERVERS_ITEMS_MAX) {
    const detail = `must not have more than ${NAMESERVERS_ITEMS_MAX} nameservers`;
    errors.push(invalid(`${path}.nameservers`, nameservers, detail));
  }
  nameservers.forEach((address, i) => pushAll(errors, validateLegacyIp(address, `${path}.nameservers[${i}]`)));
  if (searches.length > SEARCHES_ITEMS_MAX) {
    errors.push(invalid(`${path}.searches`, searches, `must not have more than ${SEARCHES_ITEMS_MAX} search paths`));
  }
  if (byteLength(searches.join(' ')) > SEARCHES_BYTES_MAX) {
    const detail = `must not have more than ${SEARCHES_BYTES_MAX} characters (including spaces) in the search list`;
    errors.push(invalid(`${path}.searches`, searches, detail));
  }
  searches.forEach((search, i) => {
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    if (search !== '.') pushInvalid(isDNS1123SubdomainWithUnderscore(name), name, `${path}.searches[${i}]`, errors);
  });
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(`${path}.options[${i}]`, 'must not be empty'));
  });
}

export function validateHostAliases(
  aliases: NonNullable<PodSpec['hostAliases']>,
  path: string,
  errors: FieldError[],
): void {
  aliases.forEach(({ ip = '', hostnames = [] }, i) => {
    pushAll(errors, validateLegacyIp(ip, `${path}[${i}].ip`));
    hostnames.forEach((name, j) => validateDNS1123Subdomain(name, `${path}[${i}].hostnames[${j}]`, errors));
  });
}

/** On the host network a container's port is the host's. */
export function validateHostNetworkPorts(
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (!spec.hostNetwork) return;
  spec.containers?.forEach(({ ports = [] }, i) => {
    ports.forEach(({ hostPort = 0, containerPort = 0 }, j) => {
      if (hostPort === containerPort || (hostPort === 0 && !options.resourceIsPod)) return;
      const at = `${path}.containers[${i}].ports[${j}].hostPort`;
      errors.push(invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    });
  });
}

export function validateHostnameOverride(spec: PodSpec, path: string, errors: FieldError[]): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = `${path}.hostnameOverride`;
  if (spec.setHostnameAsFQDN) errors.push(forbiddenField(at, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbiddenField(at, 'may not be specified when hostNetwork is true'));
  if (byteLength(name) > HOSTNAME_OVERRIDE_BYTES_MAX) errors.push(tooLong(at, HOSTNAME_OVERRIDE_BYTES_MAX));
  validateDNS1123Subdomain(name, at, errors);
}
