/** Source: plugin/pkg/admission/priority. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { type PodFields, podOf } from './pod-fields.ts';
import { refusal } from './refusal.ts';

const PRIORITY_CLASSES = 'priorityclasses.scheduling.k8s.io';

interface PriorityClass extends UntypedObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

/** What a pod without a class gets where none is the default. */
const NO_CLASS = { name: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' } as const;

/** The lowest, should there be several. */
function defaultClass(reader: StoreReader): PriorityClass | undefined {
  const classes = (reader.configList?.(PRIORITY_CLASSES) ?? []) as readonly PriorityClass[];
  return classes
    .filter(({ globalDefault }) => globalDefault)
    .reduce<PriorityClass | undefined>((least, next) => (least && least.value <= next.value ? least : next), undefined);
}

interface Established {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy?: string | undefined;
}

function established(attributes: AdmissionAttributes, pod: PodFields, reader: StoreReader): Established | Status {
  const name = pod.spec.priorityClassName ?? '';
  if (name === '') {
    const found = defaultClass(reader);
    return found
      ? { name: found.metadata.name ?? '', value: found.value, preemptionPolicy: found.preemptionPolicy }
      : NO_CLASS;
  }
  const found = reader.config(PRIORITY_CLASSES, name) as PriorityClass | undefined;
  if (found === undefined) return refusal(attributes, `no PriorityClass with name ${name} was found`);
  return { name, value: found.value, preemptionPolicy: found.preemptionPolicy };
}

function admitCreate(attributes: AdmissionAttributes, pod: PodFields, reader: StoreReader): Status | undefined {
  const given = established(attributes, pod, reader);
  if ('code' in given) return given;
  const { spec } = pod;
  if (spec.priority !== undefined && spec.priority !== given.value) {
    return refusal(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${given.value} from the given PriorityClass name`,
    );
  }
  const policy = given.preemptionPolicy;
  if (policy !== undefined && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    return refusal(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  if (given.name !== '') spec.priorityClassName = given.name;
  spec.priority = given.value;
  if (policy !== undefined) spec.preemptionPolicy = policy;
  return undefined;
}

/** Gives pods the number behind their class's name. */
export const priority: AdmissionPlugin = {
  name: 'Priority',

  admit(attributes, reader) {
    const pod = podOf(attributes);
    if (pod === undefined) return undefined;
    if (attributes.operation === 'CREATE') return admitCreate(attributes, pod, reader);
    if (attributes.operation === 'UPDATE') {
      const { spec: old } = attributes.oldObject as unknown as PodFields;
      if (old.priority !== undefined) pod.spec.priority ??= old.priority;
      if (old.preemptionPolicy !== undefined) pod.spec.preemptionPolicy ??= old.preemptionPolicy;
    }
    return undefined;
  },

  validate(attributes, reader) {
    const { resource, subresource, operation, object } = attributes;
    if (resource !== PRIORITY_CLASSES || subresource !== '' || operation === 'DELETE') return undefined;
    if (!(object as PriorityClass).globalDefault) return undefined;
    const other = defaultClass(reader);
    if (other === undefined || (operation === 'UPDATE' && other.metadata.name === object?.metadata.name))
      return undefined;
    return refusal(
      attributes,
      `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
    );
  },
};
