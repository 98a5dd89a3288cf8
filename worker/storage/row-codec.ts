/**
 * The seam between objects and what lies on disk: everything a shard writes of an object goes through
 * `seal`, everything it reads through `open`. See docs/decisions/0005-secrets-are-sealed-row-by-row.md.
 */
import type { GroupResource } from '../../schema/meta/object-meta.ts';
import { internalError, type Status } from '../../schema/meta/status.ts';

/** Where a text lies; a sealed one can be opened there only. */
export interface RowPlace {
  readonly resource: GroupResource;
  readonly name: string;
  /** The live object, or what a change replaced. */
  readonly column: 'live' | 'previous';
  /** Of the row. */
  readonly revision: number;
}

/** What a row holds: `seal` names the key, or is null and `bytes` is plain text. */
export interface Sealed {
  readonly seal: string | null;
  readonly bytes: string | Uint8Array;
}

export interface RowCodec {
  /** Kinds whose objects are sealed. */
  readonly resources: readonly GroupResource[];
  /** What `seal` gives new rows of these kinds. */
  readonly current: string | null;
  /** Why objects of the kind cannot be stored at present. */
  refusal(resource: GroupResource): Status | undefined;
  seal(place: RowPlace, plain: string): Sealed;
  /** Throws `UnreadableObject` when the key is missing or the bytes are not what was sealed. */
  open(place: RowPlace, seal: string, bytes: Uint8Array): string;
}

/** Stores every object as it is. */
export const PLAIN_ROWS: RowCodec = {
  resources: [],
  current: null,
  refusal: () => undefined,
  seal: (_place, plain) => ({ seal: null, bytes: plain }),
  open: (place) => {
    throw new Error(`${place.resource} ${place.name} is sealed and this store has no keys`);
  },
};

/** A stored object that cannot be opened. It stays as it is; who wants it is answered with the status. */
export class UnreadableObject extends Error {
  readonly status: Status;

  /** `key`: as upstream names it, `/registry/secrets/namespace/name`. Source: apiserver storage/etcd3 store.go. */
  constructor(key: string, why: string) {
    const status = internalError(`unable to transform key ${JSON.stringify(key)}: ${why}`);
    super(status.message);
    this.status = status;
  }
}
