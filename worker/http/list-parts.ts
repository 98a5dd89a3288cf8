/**
 * A list without limit may be too large for one message between Durable Object and Worker: then it
 * comes in parts of one snapshot, each with a token for the next, and is put together here.
 */
import type { Answer } from '../../schema/protocol/shard.ts';

const ITEMS = ',"items":[';
const END = ']}';

interface Part {
  /** The list's text up to its metadata. */
  readonly head: string;
  readonly metadata: {
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly resourceVersion?: string;
  };
  /** The items' text, without brackets. */
  readonly items: string;
}

/** Splits a list's text; what is no list (a Status) is undefined. */
function partOf(body: string): Part | undefined {
  const at = body.indexOf(ITEMS);
  const start = body.indexOf(',"metadata":');
  if (at < 0 || start < 0 || start > at || !body.endsWith(END)) return undefined;
  return {
    head: body.slice(0, start),
    metadata: JSON.parse(body.slice(start + ',"metadata":'.length, at)),
    items: body.slice(at + ITEMS.length, -END.length),
  };
}

/** Asks for the part that a token leads to. */
export type NextPart = (token: string) => Promise<Answer>;

/** The whole list's text in pieces, if `first` is only a part of it. */
export function listInPieces(first: Answer, next: NextPart): AsyncGenerator<string> | undefined {
  const part = first.code === 200 ? partOf(first.body) : undefined;
  return part?.metadata.continue ? pieces(part, next) : undefined;
}

async function* pieces(first: Part, next: NextPart): AsyncGenerator<string> {
  const { continue: token = '', remainingItemCount: _count, ...metadata } = first.metadata;
  yield `${first.head},"metadata":${JSON.stringify(metadata)}${ITEMS}${first.items}`;
  for (let rest = token; rest !== ''; ) {
    const answer = await next(rest);
    const part = answer.code === 200 ? partOf(answer.body) : undefined;
    // The head is gone to the client: a broken body is all that can be told now.
    if (!part) throw new Error(`a part of a list could not be read: ${answer.code}`);
    if (part.items !== '') yield `,${part.items}`;
    rest = part.metadata.continue ?? '';
  }
  yield END;
}

/** The pieces as one text. */
export async function joined(list: AsyncGenerator<string>): Promise<string> {
  let text = '';
  for await (const piece of list) text += piece;
  return text;
}

/** The pieces as a body that is made while it is read. */
export function streamed(list: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await list.next();
      if (done) {
        controller.enqueue(encoder.encode('\n'));
        controller.close();
      } else {
        controller.enqueue(encoder.encode(value));
      }
    },
    async cancel() {
      await list.return(undefined);
    },
  });
}
