/** One simulated watch connection: an ordered pipe of bytes from a process to a client, and its check against the truth. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Change } from '../../schema/protocol/change.ts';
import type { SinkFactory } from '../../worker/watch/watch-server.ts';
import { keyOf, type Truth, Violation } from './truth.ts';

export interface SeenEvent {
  readonly type: string;
  readonly key: string;
  readonly revision: number;
  readonly text: string;
}

/** Bytes that may wait for a reader that does not read. */
export const SLOW_BACKLOG_BYTES_MAX = 20_000;

export interface SessionOptions {
  /** Empty: all. */
  readonly namespace: string;
  /** Undefined: everything; else objects whose parity label is it. */
  readonly parity: string | undefined;
  /** Undefined: the session begins with the state, ended by a bookmark. */
  readonly startRevision: number | undefined;
  readonly isSlow: boolean;
}

export class WatchSession {
  readonly options: SessionOptions;
  readonly events: SeenEvent[] = [];
  /** The state with which the session began, and its revision. */
  readonly initial: SeenEvent[] = [];
  initialRevision: number | undefined;
  /** Last revision the client knows it has everything up to. */
  position = 0;
  isOver = false;
  isExpired = false;
  wasCutOff = false;
  readonly bookmarks: { readonly revision: number; readonly after: number }[] = [];
  readonly #chunks: string[] = [];
  #waitingBytes = 0;
  #isEnded = false;

  constructor(options: SessionOptions) {
    this.options = options;
    this.initialRevision = options.startRevision;
    this.position = options.startRevision ?? 0;
  }

  /** The server's side; runs in the server's process, whose code stops when it crashes. */
  readonly makeSink: SinkFactory = (initial, closed) => {
    let held: Uint8Array[] | undefined = [];
    let endsLater = false;
    const give = (bytes: Uint8Array): boolean => {
      if (this.isOver) return false;
      this.#waitingBytes += bytes.byteLength;
      if (this.#waitingBytes > SLOW_BACKLOG_BYTES_MAX && this.options.isSlow) {
        this.wasCutOff = true;
        this.isOver = true;
        closed();
        return false;
      }
      this.#chunks.push(new TextDecoder().decode(bytes));
      return true;
    };
    void (async () => {
      for (let next = await initial.next(); !next.done; next = await initial.next()) if (!give(next.value)) return;
      const late = held ?? [];
      held = undefined;
      for (const bytes of late) if (!give(bytes)) return;
      if (endsLater) this.#isEnded = true;
    })().catch(() => {
      // A shard did not answer: the connection breaks.
      this.isOver = true;
      closed();
    });
    return {
      write: (bytes) => {
        if (this.isOver || endsLater) return false;
        if (!held) return give(bytes);
        held.push(bytes);
        return true;
      },
      end: () => {
        if (held) {
          held = [];
          endsLater = true;
        } else this.#isEnded = true;
      },
    };
  };

  /** The client reads what has arrived. */
  read(): void {
    if (this.options.isSlow) return;
    for (const chunk of this.#chunks.splice(0)) {
      for (const line of chunk.split('\n')) if (line !== '' && !this.isOver) this.#take(line);
    }
    this.#waitingBytes = 0;
    if (this.#isEnded) this.isOver = true;
  }

  /** The server has crashed, or the client has had enough. */
  close(): void {
    this.isOver = true;
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: UntypedObject & { code?: number } };
    if (type === 'ERROR') {
      if (object.code !== 410) throw new Violation(`[R2] a watch ended with ${line}`);
      this.isExpired = true;
      this.isOver = true;
      return;
    }
    const revision = Number(object.metadata.resourceVersion);
    if (type === 'BOOKMARK') {
      if (object.metadata.annotations?.['k8s.io/initial-events-end']) this.initialRevision = revision;
      else this.bookmarks.push({ revision, after: this.events.length });
      this.position = Math.max(this.position, revision);
      return;
    }
    const { name = '', namespace = '' } = object.metadata;
    const event = { type, key: keyOf({ namespace, name }), revision, text: JSON.stringify(object) };
    if (this.initialRevision === undefined) this.initial.push(event);
    else {
      this.events.push(event);
      this.position = Math.max(this.position, revision);
    }
  }

  /** [R2] [R4] against what really happened. */
  check(truth: Truth): void {
    if (this.initialRevision === undefined) return;
    this.#checkInitial(truth, this.initialRevision);
    const expected = expectedEvents(truth, this.options, this.initialRevision);
    const where = `a watch of ${this.options.namespace || 'all namespaces'} from ${this.initialRevision}`;
    this.events.forEach((event, index) => {
      const wanted = expected[index];
      if (!wanted || wanted.revision !== event.revision || wanted.type !== event.type || wanted.key !== event.key) {
        const got = `${event.type} ${event.key} at ${event.revision}`;
        throw new Violation(
          `[R2] ${where}: event ${index} is ${got}, should be ${wanted && `${wanted.type} ${wanted.key} at ${wanted.revision}`}`,
        );
      }
    });
    for (const { revision, after } of this.bookmarks) {
      const due = expected.filter((event) => event.revision <= revision).length;
      if (due > after)
        throw new Violation(`[R2] ${where}: bookmark ${revision} after ${after} events, ${due} were due`);
      if (due < after) throw new Violation(`[R2] ${where}: bookmark ${revision} is older than an event before it`);
    }
  }

  #checkInitial(truth: Truth, revision: number): void {
    if (this.options.startRevision !== undefined) return;
    const state = [...truth.stateAt(revision, this.options.namespace)].filter(([, text]) =>
      isSelected(JSON.parse(text), this.options.parity),
    );
    const wanted = state
      .map(([key, text]) => `${key} ${(JSON.parse(text) as UntypedObject).metadata.resourceVersion}`)
      .join(', ');
    const got = this.initial.map(({ key, revision: at }) => `${key} ${at}`).join(', ');
    if (wanted !== got) throw new Violation(`[R4] the state at ${revision} was shown as ${got}, is ${wanted}`);
  }
}

export const isSelected = (object: UntypedObject, parity: string | undefined): boolean =>
  parity === undefined || object.metadata.labels?.parity === parity;

function expectedEvents(
  truth: Truth,
  { namespace, parity }: SessionOptions,
  after: number,
): readonly Omit<SeenEvent, 'text'>[] {
  return truth
    .changes()
    .filter((change) => change.revision > after && (namespace === '' || change.namespace === namespace))
    .flatMap((change) => {
      const type = expectedType(change, parity);
      return type ? [{ type, key: keyOf(change), revision: change.revision }] : [];
    });
}

function expectedType(change: Change, parity: string | undefined): string | undefined {
  if (parity === undefined) return change.type;
  const is = change.meta.labels.parity === parity;
  if (change.type === 'DELETED') return is ? 'DELETED' : undefined;
  const was = change.previous?.meta.labels.parity === parity;
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}
