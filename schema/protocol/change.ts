import type { GroupResource } from '../meta/object-meta.ts';

/** What selectors look at, so that watchers are matched without parsing the object's text. */
export interface SelectableMeta {
  readonly labels: Readonly<Record<string, string>>;
  /** metadata.name, metadata.namespace and the kind's selectable fields. */
  readonly fields: Readonly<Record<string, string>>;
}

/** One committed change of one object: what the log keeps, the hub merges and watchers see. */
export interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: GroupResource;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** The object after the change in its stored version; for DELETED its last state with this revision. */
  readonly text: string;
  readonly meta: SelectableMeta;
  /** The state before, for MODIFIED: a selector may have stopped matching. */
  readonly previous?: { readonly text: string; readonly meta: SelectableMeta };
}
