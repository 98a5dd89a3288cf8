/** Source: plugin/pkg/admission/serviceaccount. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { type ContainerFields, isMirrorPod, type PodFields, type PodSpecFields, type Volume } from './pod-fields.ts';
import { refusal } from './refusal.ts';
import { enforcesMountableSecrets, ephemeralSecretProblem, secretProblem } from './secret-references.ts';

const DEFAULT_ACCOUNT = 'default';
const VOLUME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_EXPIRATION_SECONDS = 3607;
const VOLUME_SUFFIX_CHARS = 5;

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_EXPIRATION_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});

/** Mounts the volume wherever nothing is mounted at its path; true when it was. */
function mountInto(containers: readonly ContainerFields[] | undefined, volume: string): boolean {
  let mounted = false;
  for (const container of containers ?? []) {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some(({ mountPath }) => mountPath === MOUNT_PATH)) continue;
    container.volumeMounts = [...mounts, { name: volume, readOnly: true, mountPath: MOUNT_PATH }];
    mounted = true;
  }
  return mounted;
}

function mountToken(spec: PodSpecFields, context: AdmissionContext): void {
  const present = spec.volumes?.find(({ name }) => name?.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? `${VOLUME_PREFIX}${context.randomSuffix(VOLUME_SUFFIX_CHARS)}`;
  const inInit = mountInto(spec.initContainers, name);
  const inMain = mountInto(spec.containers, name);
  if (!present && (inInit || inMain)) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

const isAutomounted = (account: UntypedObject, { automountServiceAccountToken }: PodSpecFields): boolean =>
  automountServiceAccountToken ?? (account['automountServiceAccountToken'] as boolean | undefined) ?? true;

function referencesSecrets({ volumes, imagePullSecrets, initContainers, containers }: PodSpecFields): boolean {
  const usesSecret = ({ env, envFrom }: ContainerFields): boolean =>
    (env ?? []).some(({ valueFrom }) => valueFrom?.secretKeyRef) || (envFrom ?? []).some(({ secretRef }) => secretRef);
  return (
    (imagePullSecrets?.length ?? 0) > 0 ||
    [...(initContainers ?? []), ...containers].some(usesSecret) ||
    (volumes ?? []).some((volume) => JSON.stringify(volume).includes('"secret'))
  );
}

interface Projected {
  readonly sources?: readonly { readonly serviceAccountToken?: unknown }[];
}

function mirrorPodProblem({ spec }: PodFields): string | undefined {
  if (spec.serviceAccountName) return 'a mirror pod may not reference service accounts';
  if (referencesSecrets(spec)) return 'a mirror pod may not reference secrets';
  const projectsToken = (spec.volumes ?? []).some(({ projected }) =>
    (projected as Projected | undefined)?.sources?.some(({ serviceAccountToken }) => serviceAccountToken),
  );
  return projectsToken ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

const relevantPod = ({ resource, subresource, object }: AdmissionAttributes): PodFields | undefined =>
  resource === 'pods' && (subresource === '' || subresource === 'ephemeralcontainers')
    ? (object as PodFields | undefined)
    : undefined;

function lookUp(attributes: AdmissionAttributes, pod: PodFields, reader: StoreReader): UntypedObject | Status {
  const name = pod.spec.serviceAccountName ?? '';
  const account = reader.get('serviceaccounts', name);
  return (
    account ??
    refusal(
      attributes,
      `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`,
    )
  );
}

const isStatus = (found: UntypedObject | Status): found is Status => found.kind === 'Status';

/** Every pod runs as a ServiceAccount, which brings it a token and pull secrets. */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',

  admit(attributes, reader, context) {
    const pod = relevantPod(attributes);
    if (pod === undefined || attributes.operation !== 'CREATE' || isMirrorPod(pod)) return undefined;
    if (!pod.spec.serviceAccountName) {
      pod.spec.serviceAccountName = DEFAULT_ACCOUNT;
      pod.spec.serviceAccount = DEFAULT_ACCOUNT;
    }
    const account = lookUp(attributes, pod, reader);
    if (isStatus(account)) return account;
    if (isAutomounted(account, pod.spec)) mountToken(pod.spec, context);
    const pullSecrets = (account['imagePullSecrets'] ?? []) as { name?: string }[];
    if (!pod.spec.imagePullSecrets?.length && pullSecrets.length > 0) {
      pod.spec.imagePullSecrets = pullSecrets.map(({ name }) => ({ name }));
    }
    return undefined;
  },

  validate(attributes, reader) {
    const pod = relevantPod(attributes);
    if (pod === undefined) return undefined;
    const { operation, subresource, namespace } = attributes;
    const addsEphemeral = operation === 'UPDATE' && subresource === 'ephemeralcontainers';
    if (operation !== 'CREATE' && !addsEphemeral) return undefined;
    if (operation === 'CREATE' && isMirrorPod(pod)) {
      const problem = mirrorPodProblem(pod);
      return problem === undefined ? undefined : refusal(attributes, problem);
    }
    if (!pod.spec.serviceAccountName) {
      return refusal(attributes, `no service account specified for pod ${namespace}/${pod.metadata.name ?? ''}`);
    }
    const account = lookUp(attributes, pod, reader);
    if (isStatus(account)) return account;
    if (!enforcesMountableSecrets(account)) return undefined;
    const problem = addsEphemeral ? ephemeralSecretProblem(account, pod.spec) : secretProblem(account, pod.spec);
    return problem === undefined ? undefined : refusal(attributes, problem);
  },
};
