/**
 * The text of watch events in one format. An object's stored text goes out as it is; it is parsed only
 * for tables, partial objects and other served versions.
 */
import { encodeObject } from '../../schema/meta/encode-object.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../schema/meta/resource.ts';
import { servedText, servedVersionOf } from '../../schema/meta/served-version.ts';
import type { Status } from '../../schema/meta/status.ts';
import { columnDefinitions, type IncludeObject, META_V1, partialObject, tableRow } from '../../schema/meta/table.ts';
import type { WatchFormat, WatchRequest } from '../../schema/protocol/shard.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** Marks the bookmark that ends the initial events. Source: meta/v1 InitialEventsAnnotationKey. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

const event = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

/** The in-stream form of a failure, after which the watch ends. */
export const errorEvent = (status: Status): string => event('ERROR', JSON.stringify(status));

export class EventEncoder {
  readonly format: WatchFormat;
  /** Watches with equal keys get the same text. */
  readonly key: string;
  readonly #definition: ResourceDefinition;
  readonly #apiVersion: string;
  readonly #include: IncludeObject;
  readonly #now: () => number;

  /** `now` in ms since the epoch: ages in tables. */
  constructor(
    request: Pick<WatchRequest, 'apiVersion' | 'format' | 'includeObject'>,
    definition: ResourceDefinition,
    now: () => number,
  ) {
    this.format = request.format;
    this.#definition = definition;
    this.#apiVersion = request.apiVersion;
    this.#include = request.includeObject ?? 'Metadata';
    this.#now = now;
    this.key = `${definition.key}\n${request.apiVersion}\n${request.format}\n${this.#include}`;
  }

  /** `storedText` is canonical, in the stored version. `headers` (tables): column definitions come along. */
  event(type: WatchEventType, storedText: string, headers: boolean): string {
    const text = servedText(this.#definition, this.#apiVersion, storedText);
    if (this.format === 'object') return event(type, text);
    return event(type, this.#converted(JSON.parse(text) as UntypedObject, headers, false));
  }

  bookmark(revision: number, endsInitialEvents: boolean, headers: boolean): string {
    const object: UntypedObject = {
      kind: this.#definition.kind,
      apiVersion: this.#apiVersion,
      metadata: {
        resourceVersion: String(revision),
        ...(endsInitialEvents ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
      },
    };
    if (this.format === 'object') return event('BOOKMARK', encodeObject(object));
    return event('BOOKMARK', this.#converted(object, headers, true));
  }

  #converted(object: UntypedObject, headers: boolean, isBookmark: boolean): string {
    if (this.format === 'partial') return JSON.stringify(partialObject(object.metadata, META_V1));
    return JSON.stringify({
      kind: 'Table',
      apiVersion: META_V1,
      metadata: { resourceVersion: object.metadata.resourceVersion },
      columnDefinitions: headers ? columnDefinitions(this.#definition) : null,
      rows: [isBookmark ? this.#bookmarkRow(object) : this.#row(object)],
    });
  }

  #row(object: UntypedObject) {
    return tableRow(object, {
      definition: this.#definition,
      served: servedVersionOf(this.#definition, this.#apiVersion),
      include: this.#include,
      tableVersion: META_V1,
      now: this.#now(),
    });
  }

  /** A bookmark has no state to print: empty cells, and the metadata whatever was asked for. */
  #bookmarkRow(object: UntypedObject) {
    return { cells: this.#definition.table.columns.map(() => null), object: partialObject(object.metadata, META_V1) };
  }
}
