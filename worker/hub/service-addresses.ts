/**
 * Keeps an IPAddress object for each address a Service holds. Who holds which address is decided when the
 * Service is stored (see ValueLedger); these objects tell of it, follow at once, and are made again when
 * somebody deletes them. Source: registry/core/service/ipallocator, its repair loop (KEP-1880).
 */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import type { Service } from '../../schema/resources/core/service-fields.ts';
import { formatIp, parseIpSloppy } from '../../schema/resources/ip-address.ts';
import type { IPAddress } from '../../schema/resources/networking/ip-address.ts';
import { isServiceAddress, serviceAddressObject } from '../../schema/resources/networking/service-ip-address.ts';
import type { HubConsumer, HubServices } from './hub-consumer.ts';
import { objectOf } from './parsed-change.ts';

const SERVICES = 'services';
const IP_ADDRESSES = 'ipaddresses.networking.k8s.io';
const COMPONENT = 'ipallocator-repair-controller';
/** A write that failed is tried again after so long. */
const RETRY_MS = 5_000;
/** Addresses looked at in one go. */
const REVIEWED_MAX = 500;

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

interface KnownAddress {
  readonly isManaged: boolean;
  readonly uid: string;
  readonly parent: ServiceName;
}

const writeBase = {
  apiVersion: 'networking.k8s.io/v1',
  resource: IP_ADDRESSES,
  namespace: '',
  user: systemUser(COMPONENT),
  dryRun: false,
  fieldManager: COMPONENT,
} as const;

const createRequest = (object: UntypedObject): WriteRequest => ({
  ...writeBase,
  verb: 'create',
  name: object.metadata.name ?? '',
  body: JSON.stringify(object),
});

const deleteRequest = (name: string, uid: string): WriteRequest => ({
  ...writeBase,
  verb: 'delete',
  name,
  options: { preconditions: { uid } },
});

/** In canonical form, as the objects are named. */
const addressesOf = (service: Service): readonly string[] =>
  (service.spec.clusterIPs ?? []).flatMap((text) => {
    const address = parseIpSloppy(text);
    return address ? [formatIp(address)] : [];
  });

export class ServiceAddresses implements HubConsumer {
  readonly resources: ReadonlySet<GroupResource> = new Set([SERVICES, IP_ADDRESSES]);
  readonly #services: HubServices;
  /** By service. */
  readonly #held = new Map<string, readonly string[]>();
  /** By address. */
  readonly #wanted = new Map<string, ServiceName>();
  readonly #known = new Map<string, KnownAddress>();
  /** Addresses whose objects may not be as they should. */
  readonly #unsure = new Set<string>();
  /** Those whose last write failed. */
  readonly #failed = new Set<string>();
  #isPlanned = false;

  constructor(services: HubServices) {
    this.#services = services;
  }

  restore(objects: readonly Change[]): void {
    this.apply(objects);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.resource === SERVICES) this.#serviceChanged(change);
      else if (change.resource === IP_ADDRESSES) this.#addressChanged(change);
    }
    this.#plan();
  }

  tick(): void {
    for (const address of this.#failed) this.#unsure.add(address);
    this.#failed.clear();
    this.#plan();
  }

  #serviceChanged(change: Change): void {
    const { namespace, name } = change;
    const key = `${namespace}/${name}`;
    const addresses = change.type === 'DELETED' ? [] : addressesOf(objectOf<Service>(change));
    for (const address of this.#held.get(key) ?? []) {
      const holder = this.#wanted.get(address);
      if (addresses.includes(address) || holder?.namespace !== namespace || holder.name !== name) continue;
      this.#wanted.delete(address);
      this.#unsure.add(address);
    }
    for (const address of addresses) {
      this.#wanted.set(address, { namespace, name });
      this.#unsure.add(address);
    }
    if (addresses.length > 0) this.#held.set(key, addresses);
    else this.#held.delete(key);
  }

  #addressChanged(change: Change): void {
    const { metadata, spec } = objectOf<IPAddress>(change);
    this.#unsure.add(change.name);
    if (change.type === 'DELETED') {
      this.#known.delete(change.name);
      return;
    }
    const { namespace = '', name = '' } = spec?.parentRef ?? {};
    this.#known.set(change.name, {
      isManaged: isServiceAddress({ metadata, apiVersion: '', kind: '' }),
      uid: metadata.uid ?? '',
      parent: { namespace, name },
    });
  }

  #plan(): void {
    if (this.#isPlanned || this.#unsure.size === 0) return;
    this.#isPlanned = true;
    this.#services.defer(() => this.#review());
  }

  async #review(): Promise<void> {
    this.#isPlanned = false;
    const addresses = [...this.#unsure].slice(0, REVIEWED_MAX);
    for (const address of addresses) this.#unsure.delete(address);
    const writes = addresses.flatMap((address) => {
      const request = this.#writeFor(address);
      return request ? [{ address, request }] : [];
    });
    if (writes.length > 0) {
      const answers = await this.#services.writeAll(writes.map(({ request }) => request));
      for (const [i, { code }] of answers.entries()) if (code >= 400) this.#failed.add(writes[i]?.address ?? '');
    }
    if (this.#failed.size > 0) this.#services.wakeAt(this.#services.now() + RETRY_MS);
    this.#plan();
  }

  /** What makes the address's object right. Somebody's own object of that name is left alone. */
  #writeFor(address: string): WriteRequest | undefined {
    const service = this.#wanted.get(address);
    const known = this.#known.get(address);
    if (!known) return service && createRequest(serviceAddressObject(address, service));
    const isRight = service?.namespace === known.parent.namespace && service.name === known.parent.name;
    return known.isManaged && !isRight ? deleteRequest(address, known.uid) : undefined;
  }
}
