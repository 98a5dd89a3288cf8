/** Annotations that once were fields of pods. Source: kubernetes pkg/apis/core/validation (1.37). */
import { type FieldError, forbiddenField, invalid } from '../../../meta/field-error.ts';
import { goQuote } from '../../../meta/go-format.ts';
import type { ObjectMeta } from '../../../meta/object-meta.ts';
import { type Container, MIRROR_POD_ANNOTATION, type PodSpec, visitContainers } from '../pod-types.ts';
import { isDeletionCost, POD_DELETION_COST } from './deletion-cost.ts';
import type { PodValidationOptions } from './options.ts';
import { validateLocalDescendingPath } from './relative-paths.ts';

type Annotations = Readonly<Record<string, string>>;
type SeccompProfile = NonNullable<NonNullable<Container['securityContext']>['seccompProfile']>;
type AppArmorProfile = NonNullable<NonNullable<Container['securityContext']>['appArmorProfile']>;

export const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';
export const APPARMOR_CONTAINER_PREFIX = 'container.apparmor.security.beta.kubernetes.io/';
const LOCALHOST_PREFIX = 'localhost/';

export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec,
  path: string,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  if (!annotations) return;
  const mirror = annotations[MIRROR_POD_ANNOTATION];
  if (mirror !== undefined && !spec.nodeName) {
    const detail = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(`${path}[${MIRROR_POD_ANNOTATION}]`, mirror, detail));
  }
  const cost = annotations[POD_DELETION_COST];
  if (cost !== undefined && !options.allowInvalidDeletionCost && !isDeletionCost(cost)) {
    errors.push(invalid(`${path}[${POD_DELETION_COST}]`, cost, 'must be a 32bit integer'));
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key === SECCOMP_POD_ANNOTATION || key.startsWith(SECCOMP_CONTAINER_PREFIX)) {
      validateSeccompAnnotation(value, `${path}.${key}`, errors);
    } else if (key.startsWith(APPARMOR_CONTAINER_PREFIX)) {
      validateAppArmorAnnotation(key, value, spec, `${path}[${key}]`, errors);
    }
  }
}

function validateSeccompAnnotation(value: string, path: string, errors: FieldError[]): void {
  if (value === 'runtime/default' || value === 'docker/default' || value === 'unconfined') return;
  if (value.startsWith(LOCALHOST_PREFIX))
    validateLocalDescendingPath(value.slice(LOCALHOST_PREFIX.length), path, errors);
  else errors.push(invalid(path, value, 'must be a valid seccomp profile'));
}

function validateAppArmorAnnotation(
  key: string,
  value: string,
  spec: PodSpec,
  path: string,
  errors: FieldError[],
): void {
  const name = key.slice(APPARMOR_CONTAINER_PREFIX.length);
  let isKnown = false;
  visitContainers(spec, '', (container) => (isKnown ||= container.name === name));
  if (!isKnown) errors.push(invalid(path, name, 'container not found'));
  const isProfile = ['', 'runtime/default', 'unconfined'].includes(value) || value.startsWith(LOCALHOST_PREFIX);
  if (!isProfile) errors.push(invalid(path, value, `invalid AppArmor profile name: ${goQuote(value)}`));
}

/** Where a field and its old annotation are both given, they must say the same. */
export function validateAnnotationsMatchFields(
  metadata: ObjectMeta | undefined,
  spec: PodSpec,
  path: string,
  errors: FieldError[],
): void {
  const annotations = metadata?.annotations;
  if (!annotations) return;
  const podSeccomp = spec.securityContext?.seccompProfile;
  const at = 'securityContext.seccompProfile';
  if (podSeccomp) matchSeccomp(annotations[SECCOMP_POD_ANNOTATION], podSeccomp, `${path}.${at}`, errors);
  visitContainers(spec, path, ({ name, securityContext }, containerPath) => {
    if (!securityContext?.seccompProfile) return;
    const annotation = annotations[SECCOMP_CONTAINER_PREFIX + name];
    matchSeccomp(annotation, securityContext.seccompProfile, `${containerPath}.${at}`, errors);
  });
  if (spec.os?.name === 'windows') return;
  visitContainers(spec, path, ({ name, securityContext }, containerPath) => {
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    if (!profile) return;
    const annotation = annotations[APPARMOR_CONTAINER_PREFIX + name];
    matchAppArmor(annotation, profile, `${containerPath}.securityContext.appArmorProfile`, errors);
  });
}

function matchSeccomp(
  annotation: string | undefined,
  profile: SeccompProfile,
  path: string,
  errors: FieldError[],
): void {
  const runtimeDefaults = ['runtime/default', 'docker/default'];
  match('seccomp', annotation, profile, runtimeDefaults, path, errors);
}

function matchAppArmor(
  annotation: string | undefined,
  profile: AppArmorProfile,
  path: string,
  errors: FieldError[],
): void {
  match('apparmor', annotation, profile, ['runtime/default'], path, errors);
}

function match(
  what: 'seccomp' | 'apparmor',
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile,
  runtimeDefaults: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (annotation === undefined) return;
  const typeError = forbiddenField(`${path}.type`, `${what} type in annotation and field must match`);
  if (profile.type === 'Unconfined' && annotation !== 'unconfined') errors.push(typeError);
  if (profile.type === 'RuntimeDefault' && !runtimeDefaults.includes(annotation)) errors.push(typeError);
  if (profile.type !== 'Localhost') return;
  if (!annotation.startsWith(LOCALHOST_PREFIX)) errors.push(typeError);
  else if (annotation.slice(LOCALHOST_PREFIX.length) !== profile.localhostProfile) {
    errors.push(forbiddenField(`${path}.localhostProfile`, `${what} profile in annotation and field must match`));
  }
}

/** What an update may do to a pod's annotations. */
export function validatePodAnnotationUpdate(
  next: Annotations | undefined,
  previous: Annotations | undefined,
  path: string,
  errors: FieldError[],
): void {
  for (const [key, value] of Object.entries(previous ?? {})) {
    if (next?.[key] === value) continue;
    if (key.startsWith(APPARMOR_CONTAINER_PREFIX)) {
      errors.push(forbiddenField(`${path}[${key}]`, 'may not remove or update AppArmor annotations'));
    }
    if (key === MIRROR_POD_ANNOTATION) {
      errors.push(forbiddenField(`${path}[${key}]`, 'may not remove or update mirror pod annotation'));
    }
  }
  for (const key of Object.keys(next ?? {})) {
    if (previous?.[key] !== undefined) continue;
    if (key.startsWith(APPARMOR_CONTAINER_PREFIX)) {
      errors.push(forbiddenField(`${path}[${key}]`, 'may not add AppArmor annotations'));
    }
    if (key === MIRROR_POD_ANNOTATION)
      errors.push(forbiddenField(`${path}[${key}]`, 'may not add mirror pod annotation'));
  }
}
