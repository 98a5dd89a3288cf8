/** What a ServiceAccount's `kubernetes.io/enforce-mountable-secrets` allows its pods. Source: as for service-account.ts. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ContainerFields, PodSpecFields } from './pod-fields.ts';

const ENFORCE_ANNOTATION = 'kubernetes.io/enforce-mountable-secrets';
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

export const enforcesMountableSecrets = (account: UntypedObject): boolean =>
  TRUE.has(account.metadata.annotations?.[ENFORCE_ANNOTATION] ?? '');

const namesOf = (references: unknown): ReadonlySet<string> =>
  new Set(((references ?? []) as { name?: string }[]).map(({ name }) => name ?? ''));

const notAllowed = (what: string, account: string): string =>
  `${what} is not allowed because service account ${account} does not reference that secret`;

function containerProblem(
  kind: string,
  container: ContainerFields,
  allowed: ReadonlySet<string>,
  account: string,
): string | undefined {
  const subject = `${kind} ${container.name}`;
  for (const { name, valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef?.name;
    if (valueFrom?.secretKeyRef && !allowed.has(secret ?? '')) {
      return notAllowed(`${subject} with envVar ${name} referencing secret.secretName="${secret}"`, account);
    }
  }
  for (const { secretRef } of container.envFrom ?? []) {
    if (secretRef && !allowed.has(secretRef.name ?? '')) {
      return notAllowed(`${subject} with envFrom referencing secret.secretName="${secretRef.name}"`, account);
    }
  }
  return undefined;
}

function firstProblem(
  kind: string,
  containers: readonly ContainerFields[] | undefined,
  allowed: ReadonlySet<string>,
  account: string,
): string | undefined {
  for (const container of containers ?? []) {
    const problem = containerProblem(kind, container, allowed, account);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function ephemeralSecretProblem(account: UntypedObject, spec: PodSpecFields): string | undefined {
  const name = account.metadata.name ?? '';
  return firstProblem('ephemeral container', spec.ephemeralContainers, namesOf(account['secrets']), name);
}

/** The first reference to a Secret that the account does not list. */
export function secretProblem(account: UntypedObject, spec: PodSpecFields): string | undefined {
  const name = account.metadata.name ?? '';
  const allowed = namesOf(account['secrets']);
  for (const volume of spec.volumes ?? []) {
    const secret = volume['secret'] as { secretName?: string } | undefined;
    if (secret && !allowed.has(secret.secretName ?? '')) {
      return notAllowed(`volume with secret.secretName="${secret.secretName}"`, name);
    }
  }
  const inContainers =
    firstProblem('init container', spec.initContainers, allowed, name) ??
    firstProblem('container', spec.containers, allowed, name);
  if (inContainers !== undefined) return inContainers;
  const pullSecrets = namesOf(account['imagePullSecrets']);
  const at = (spec.imagePullSecrets ?? []).findIndex((reference) => !pullSecrets.has(reference.name ?? ''));
  if (at < 0) return undefined;
  return `imagePullSecrets[${at}].name="${spec.imagePullSecrets?.[at]?.name}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}
