/**
 * Holds pods to the level that their namespace's labels ask for, warns of workloads whose pods will not
 * pass, and tells the audit log of both. Source: k8s.io/pod-security-admission admission. That pods which
 * are there already violate a namespace's new level is said in http/objects/namespace-relabel.ts.
 */
import { fieldErrorsText, invalidStatus } from '../../schema/meta/field-error.ts';
import { equalJson } from '../../schema/meta/json-value.ts';
import type { ObjectMeta } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { violationsOf } from './pod-security/evaluate.ts';
import { type LevelVersion, policyOf, printLevel, type ReadPolicy } from './pod-security/level.ts';
import { refusal } from './refusal.ts';

const IGNORED_SUBRESOURCES: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

const AUDIT_PREFIX = 'pod-security.kubernetes.io/';

interface WithTemplate {
  readonly template?: PodTemplateSpec;
  readonly spec?: { readonly template?: PodTemplateSpec; readonly jobTemplate?: WithTemplate };
}

/** Where kinds have the template of their pods. */
const TEMPLATES: Readonly<Record<string, (object: WithTemplate) => PodTemplateSpec | undefined>> = {
  podtemplates: ({ template }) => template,
  replicationcontrollers: ({ spec }) => spec?.template,
  'replicasets.apps': ({ spec }) => spec?.template,
  'deployments.apps': ({ spec }) => spec?.template,
  'statefulsets.apps': ({ spec }) => spec?.template,
  'daemonsets.apps': ({ spec }) => spec?.template,
  'jobs.batch': ({ spec }) => spec?.template,
  'cronjobs.batch': ({ spec }) => spec?.jobTemplate?.spec?.template,
};

/** What the namespace asks for; what of it cannot be read goes to the audit log. */
const policyIn = (namespace: string, reader: StoreReader): ReadPolicy =>
  policyOf(reader.config('namespaces', namespace)?.metadata.labels);

const isFree = ({ level }: LevelVersion): boolean => level === 'privileged';

type Imaged = readonly { readonly name: string; readonly image?: string }[] | undefined;

const imagesDiffer = (next: Imaged = [], old: Imaged = []): boolean =>
  next.length !== old.length || next.some(({ image }, i) => image !== old[i]?.image);

/** Whether an update can have made the pod violate what it did not. */
function isSignificant({ spec: next }: Pod, { spec: old }: Pod): boolean {
  if (imagesDiffer(next?.containers, old?.containers) || imagesDiffer(next?.initContainers, old?.initContainers))
    return true;
  return (next?.ephemeralContainers ?? []).some(({ name, image }) => {
    const earlier = old?.ephemeralContainers?.find((one) => one.name === name);
    return !earlier || earlier.image !== image;
  });
}

const wouldViolate = (level: LevelVersion, violated: string): string =>
  `would violate PodSecurity "${printLevel(level)}": ${violated}`;

/** What the audit log and the client are told of a pod, or of one to come, that is let through. */
function tell(
  attributes: AdmissionAttributes,
  { policy, errors }: ReadPolicy,
  metadata: ObjectMeta,
  spec: PodSpec,
): void {
  if (errors.length > 0) {
    attributes.annotate(`${AUDIT_PREFIX}error`, `Failed to parse policy: ${fieldErrorsText(errors)}`);
  }
  const audited = violationsOf(policy.audit, metadata, spec);
  if (audited !== undefined) {
    attributes.annotate(`${AUDIT_PREFIX}audit-violations`, wouldViolate(policy.audit, audited));
  }
}

function warnOf(attributes: AdmissionAttributes, level: LevelVersion, metadata: ObjectMeta, spec: PodSpec): void {
  const violated = violationsOf(level, metadata, spec);
  if (violated !== undefined) attributes.warn(wouldViolate(level, violated));
}

function validatePod(attributes: AdmissionAttributes, reader: StoreReader): Status | undefined {
  if (IGNORED_SUBRESOURCES.has(attributes.subresource)) return undefined;
  const asked = policyIn(attributes.namespace, reader);
  const { enforce, warn } = asked.policy;
  const enforced = () => attributes.annotate(`${AUDIT_PREFIX}enforce-policy`, printLevel(enforce));
  if (asked.errors.length === 0 && Object.values(asked.policy).every(isFree)) {
    enforced();
    return undefined;
  }
  const pod = attributes.object as Pod;
  const old = attributes.oldObject as Pod | undefined;
  if (attributes.operation === 'UPDATE' && old && !isSignificant(pod, old)) return undefined;
  const spec = pod.spec ?? { containers: [] };
  enforced();
  tell(attributes, asked, pod.metadata, spec);
  const violated = violationsOf(enforce, pod.metadata, spec);
  if (violated !== undefined) return refusal(attributes, `violates PodSecurity "${printLevel(enforce)}": ${violated}`);
  warnOf(attributes, warn, pod.metadata, spec);
  return undefined;
}

function judgeWorkload(attributes: AdmissionAttributes, reader: StoreReader): void {
  if (attributes.subresource !== '') return;
  const asked = policyIn(attributes.namespace, reader);
  const { audit, warn } = asked.policy;
  if (asked.errors.length === 0 && isFree(audit) && isFree(warn)) return;
  const template = TEMPLATES[attributes.resource]?.(attributes.object as unknown as WithTemplate);
  if (!template?.spec) return;
  tell(attributes, asked, template.metadata ?? {}, template.spec);
  warnOf(attributes, warn, template.metadata ?? {}, template.spec);
}

/** Labels that cannot be read are refused, unless they were there before. */
function validateNamespace({ subresource, object, oldObject, name }: AdmissionAttributes): Status | undefined {
  if (subresource !== '') return undefined;
  const { errors } = policyOf(object?.metadata.labels);
  if (errors.length === 0 || (oldObject && equalJson(errors, policyOf(oldObject.metadata.labels).errors))) {
    return undefined;
  }
  return invalidStatus('', 'Namespace', name, [...errors]);
}

export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',

  validate(attributes, reader) {
    const { operation, resource } = attributes;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return undefined;
    if (resource === 'namespaces') return validateNamespace(attributes);
    if (resource === 'pods') return validatePod(attributes, reader);
    if (Object.hasOwn(TEMPLATES, resource)) judgeWorkload(attributes, reader);
    return undefined;
  },
};
