/**
 * Lets VolumeAttributesClasses go that are being deleted once no volume and no claim, in any namespace,
 * refers to them. Source: pkg/controller/volume/vacprotection.
 */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import type { PersistentVolume } from '../../schema/resources/core/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../../schema/resources/core/persistent-volume-claim.ts';
import { CLASS_PROTECTION, isDeletionCandidate } from '../../schema/resources/storage/protection.ts';
import type { VolumeAttributesClass } from '../../schema/resources/storage/volume-attributes-class.ts';
import type { HubConsumer, HubServices } from './hub-consumer.ts';
import { objectOf } from './parsed-change.ts';

const CLASSES = 'volumeattributesclasses.storage.k8s.io';
const VOLUMES = 'persistentvolumes';
const CLAIMS = 'persistentvolumeclaims';
const COMPONENT = 'volumeattributesclass-protection-controller';
/** A write that failed is tried again after so long. */
const RETRY_MS = 5_000;

function classesOf(change: Change): readonly string[] {
  if (change.type === 'DELETED') return [];
  if (change.resource === VOLUMES) {
    const name = objectOf<PersistentVolume>(change).spec?.volumeAttributesClassName;
    return name ? [name] : [];
  }
  const { spec, status } = objectOf<PersistentVolumeClaim>(change);
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.flatMap((name) => name || []);
}

const releaseRequest = (name: string, uid: string): WriteRequest => ({
  verb: 'patch',
  patchType: 'strategic',
  apiVersion: 'storage.k8s.io/v1',
  resource: CLASSES,
  namespace: '',
  name,
  user: systemUser(COMPONENT),
  dryRun: false,
  fieldManager: COMPONENT,
  body: JSON.stringify({ metadata: { uid, '$deleteFromPrimitiveList/finalizers': [CLASS_PROTECTION] } }),
  force: false,
  fieldValidation: 'Ignore',
});

export class AttributesClassProtection implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set([CLASSES, VOLUMES, CLAIMS]);
  readonly #services: HubServices;
  /** What each volume and claim refers to, and by how many each class is. */
  readonly #references = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();
  /** uid by name of the classes that are to go. */
  readonly #leaving = new Map<string, string>();
  #isPlanned = false;

  constructor(services: HubServices) {
    this.#services = services;
  }

  restore(objects: readonly Change[]): void {
    this.apply(objects);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.resource === CLASSES) this.#classChanged(change);
      else if (this.resources.has(change.resource)) this.#referrerChanged(change);
    }
    this.#plan();
  }

  tick(): void {
    this.#plan();
  }

  #classChanged(change: Change): void {
    const object = objectOf<VolumeAttributesClass>(change);
    const isLeaving = change.type !== 'DELETED' && isDeletionCandidate(object, CLASS_PROTECTION);
    if (isLeaving) this.#leaving.set(change.name, object.metadata.uid ?? '');
    else this.#leaving.delete(change.name);
  }

  #referrerChanged(change: Change): void {
    const key = `${change.resource}\n${change.namespace}\n${change.name}`;
    const names = classesOf(change);
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    for (const name of this.#references.get(key) ?? []) {
      const count = (this.#counts.get(name) ?? 0) - 1;
      if (count > 0) this.#counts.set(name, count);
      else this.#counts.delete(name);
    }
    if (names.length > 0) this.#references.set(key, names);
    else this.#references.delete(key);
  }

  #plan(): void {
    const isDue = [...this.#leaving.keys()].some((name) => !this.#counts.has(name));
    if (this.#isPlanned || !isDue) return;
    this.#isPlanned = true;
    this.#services.defer(() => this.#release());
  }

  async #release(): Promise<void> {
    this.#isPlanned = false;
    const unused = [...this.#leaving].filter(([name]) => !this.#counts.has(name));
    const answers = await this.#services.writeAll(unused.map(([name, uid]) => releaseRequest(name, uid)));
    for (const [i, { code }] of answers.entries()) if (code < 400) this.#leaving.delete(unused[i]?.[0] ?? '');
    if (answers.some(({ code }) => code >= 400)) this.#services.wakeAt(this.#services.now() + RETRY_MS);
  }
}
