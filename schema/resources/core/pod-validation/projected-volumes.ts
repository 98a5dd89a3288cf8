/** Rules for projected volumes and the files in keyed ones. Source: kubernetes pkg/apis/core/validation (1.37). */
import {
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../meta/field-error.ts';
import { byteLength } from '../../../meta/go-format.ts';
import { pushAll } from '../../../meta/push-all.ts';
import { validateLabelSelector } from '../../../meta/label-selector.ts';
import { isQualifiedName } from '../../../meta/name-rules.ts';
import type { Volume } from '../pod-types.ts';
import { validateFieldSelector, validateResourceSelector } from './env.ts';
import { goStruct } from './go-struct.ts';
import { pushInvalid } from './names.ts';
import type { PodValidationOptions } from './options.ts';
import { validateLocalNonReservedPath } from './relative-paths.ts';
import { validateBundleName, validateSignerName } from './signer-name.ts';

type Projected = NonNullable<Volume['projected']>;
type Source = NonNullable<Projected['sources']>[number];
type KeyToPath = NonNullable<NonNullable<Volume['secret']>['items']>[number];
type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

export const FILE_MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';

export const isFileMode = (mode: number | undefined): boolean => mode === undefined || (mode >= 0 && mode <= 0o777);

const DOWNWARD_FIELD_PATHS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

export function validateKeyToPath(
  { key, path: target = '', mode }: KeyToPath,
  path: string,
  errors: FieldError[],
): void {
  if (!key) errors.push(required(`${path}.key`));
  if (!target) errors.push(required(`${path}.path`));
  validateLocalNonReservedPath(target, `${path}.path`, errors);
  if (!isFileMode(mode)) errors.push(invalid(`${path}.mode`, mode, FILE_MODE_TEXT));
}

export function validateDownwardFile(file: DownwardFile, path: string, errors: FieldError[]): void {
  if (!file.path) errors.push(required(`${path}.path`));
  validateLocalNonReservedPath(file.path ?? '', `${path}.path`, errors);
  if (file.fieldRef) {
    validateFieldSelector(file.fieldRef, DOWNWARD_FIELD_PATHS, `${path}.fieldRef`, errors);
    if (file.resourceFieldRef) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file.resourceFieldRef) {
    validateResourceSelector(file.resourceFieldRef, `${path}.resourceFieldRef`, true, errors);
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  if (!isFileMode(file.mode)) errors.push(invalid(`${path}.mode`, file.mode, FILE_MODE_TEXT));
}

/** Collects the paths of all sources: no two may write one file. */
class TargetPaths {
  private readonly seen = new Set<string>();
  private readonly volumePath: string;
  private readonly errors: FieldError[];

  constructor(volumePath: string, errors: FieldError[]) {
    this.volumePath = volumePath;
    this.errors = errors;
  }

  /** `shown` is what upstream prints: the path, or the name of the object it comes from. */
  add(target: string | undefined, shown: string): void {
    if (!target) return;
    if (this.seen.has(target)) this.errors.push(invalid(this.volumePath, shown, 'conflicting duplicate paths'));
    this.seen.add(target);
  }
}

export function validateProjected(
  volume: Projected,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (!isFileMode(volume.defaultMode)) errors.push(invalid(`${path}.defaultMode`, volume.defaultMode, FILE_MODE_TEXT));
  const targets = new TargetPaths(path, errors);
  volume.sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`;
    if (source.secret) validateItems(source.secret, `${at}.secret`, targets, errors);
    if (source.configMap) validateItems(source.configMap, `${at}.configMap`, targets, errors);
    if (source.downwardAPI) {
      for (const file of source.downwardAPI.items ?? []) {
        validateDownwardFile(file, `${at}.downwardAPI`, errors);
        targets.add(file.path, file.path);
      }
    }
    if (source.serviceAccountToken)
      validateToken(source.serviceAccountToken, path, `${at}.serviceAccountToken`, options, errors);
    if (source.clusterTrustBundle)
      validateTrustBundle(source.clusterTrustBundle, `${at}.clusterTrustBundle`, targets, errors);
    if (source.podCertificate) validatePodCertificate(source.podCertificate, `${at}.podCertificate`, targets, errors);
    if (Object.values(source).filter(Boolean).length > 1) {
      errors.push(forbiddenField(at, 'may not specify more than 1 volume type per source'));
    }
  });
}

function validateItems(
  { name = '', items }: { name?: string; items?: KeyToPath[] },
  path: string,
  targets: TargetPaths,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(`${path}.name`));
  items?.forEach((item, i) => {
    validateKeyToPath(item, `${path}.items[${i}]`, errors);
    targets.add(item.path, name);
  });
}

const TOKEN_EXPIRATION_SECONDS_MIN = 600;
const TOKEN_EXPIRATION_SECONDS_MAX = 2 ** 32;

/** Upstream reports the token's path at the volume. */
function validateToken(
  { expirationSeconds, path: target }: NonNullable<Source['serviceAccountToken']>,
  volumePath: string,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const at = `${path}.expirationSeconds`;
  if (expirationSeconds === undefined) errors.push(required(at));
  else if (expirationSeconds < TOKEN_EXPIRATION_SECONDS_MIN) {
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'));
  } else if (expirationSeconds > TOKEN_EXPIRATION_SECONDS_MAX) {
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  if (!target) errors.push(required(`${volumePath}.path`));
  else if (!options.allowNonLocalTokenPath) validateLocalNonReservedPath(target, `${volumePath}.path`, errors);
}

function validateTrustBundle(
  source: NonNullable<Source['clusterTrustBundle']>,
  path: string,
  targets: TargetPaths,
  errors: FieldError[],
): void {
  const { name, signerName, labelSelector, path: target = '' } = source;
  if (name !== undefined && signerName !== undefined) {
    const fields = ['name', 'signerName', 'labelSelector', 'optional', 'path', 'user'] as const;
    const shown = goStruct({ ...source, user: undefined }, fields);
    errors.push(invalid(path, shown, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (!name) errors.push(required(`${path}.name`, 'must be a valid object name'));
    for (const message of validateBundleName(name)) {
      errors.push(invalid(`${path}.name`, name, `not a valid clustertrustbundlename: ${message}`));
    }
    if (labelSelector) {
      errors.push(invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'));
    }
  } else if (signerName !== undefined) {
    if (!signerName) errors.push(required(`${path}.signerName`, 'must be a valid signer name'));
    validateSignerName(signerName, `${path}.signerName`, errors);
    pushAll(errors, validateLabelSelector(labelSelector, `${path}.labelSelector`));
  } else errors.push(required(path, 'either name or signerName must be specified'));
  if (!target) errors.push(required(`${path}.path`));
  validateLocalNonReservedPath(target, `${path}.path`, errors);
  targets.add(target, target);
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
export const CERTIFICATE_SECONDS_MIN = 3600;
const CERTIFICATE_SECONDS_MAX = 91 * 24 * 3600;
const KUBERNETES_CERTIFICATE_SECONDS_MAX = 24 * 3600;

/** How long a pod's certificate may be valid at most: Kubernetes' own signers keep them short. */
export const certificateSecondsMax = (signerName: string): number =>
  /^(?:[^/]*\.)?kubernetes\.io\//.test(signerName) ? KUBERNETES_CERTIFICATE_SECONDS_MAX : CERTIFICATE_SECONDS_MAX;

function validatePodCertificate(
  source: NonNullable<Source['podCertificate']>,
  path: string,
  targets: TargetPaths,
  errors: FieldError[],
): void {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds, userAnnotations } = source;
  validateSignerName(signerName, `${path}.signerName`, errors);
  validateUserAnnotations(userAnnotations, `${path}.userAnnotations`, errors);
  if (!KEY_TYPES.includes(keyType)) errors.push(notSupported(`${path}.keyType`, keyType, KEY_TYPES));
  if (seconds !== undefined) {
    const at = `${path}.maxExpirationSeconds`;
    const max = certificateSecondsMax(signerName);
    if (seconds < CERTIFICATE_SECONDS_MIN) {
      errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be >= ${CERTIFICATE_SECONDS_MIN}`));
    }
    if (seconds > max) errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${max}`));
  }
  const names = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const name of names) {
    const target = source[name];
    if (!target) continue;
    validateLocalNonReservedPath(target, `${path}.${name}`, errors);
    targets.add(target, target);
  }
  if (!names.some((name) => source[name])) {
    errors.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  }
}

const USER_ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** Annotations that a pod's author passes on to the signer. */
export function validateUserAnnotations(
  annotations: Record<string, string> | undefined,
  path: string,
  errors: FieldError[],
): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(annotations ?? {})) {
    bytes += byteLength(name) + byteLength(value);
    const key = name.toLowerCase();
    const messages = isQualifiedName(key);
    if (!key) errors.push(required(path));
    else if (messages.length) pushInvalid(messages, key, path, errors);
    else if (!key.includes('/')) {
      errors.push(invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")'));
    }
  }
  if (bytes > USER_ANNOTATIONS_BYTES_MAX) errors.push(tooLong(path, USER_ANNOTATIONS_BYTES_MAX));
}
