/**
 * A list without limit comes from the Durable Object in parts of one snapshot, each with a token for the
 * next. The API Worker sends it on part by part, so that nobody ever holds the whole of a large list.
 */
import type { Answer } from '../../schema/protocol/shard.ts';

const ITEMS = ',"items":[';
const END = ']}';

export interface ListMetadata {
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly resourceVersion?: string;
}

interface Part {
  /** The list's text up to its metadata. */
  readonly head: string;
  readonly metadata: ListMetadata;
  /** The items' text, without brackets. */
  readonly items: string;
}

/** How a list is written part by part: head, items with commas between the parts, `]}`. */
export interface ListForm {
  /** Up to and with the bracket that opens the items; `head` is the list's own text up to its metadata. */
  head(head: string, metadata: ListMetadata): string;
  /** The items of a part, of which there is at least one, without brackets. */
  items(text: string): string;
}

/** The list as the registry has it. */
export const objectList: ListForm = {
  head: (head, metadata) => `${head},"metadata":${JSON.stringify(metadata)}${ITEMS}`,
  items: (text) => text,
};

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
export function listInPieces(first: Answer, next: NextPart, form: ListForm): AsyncGenerator<string> | undefined {
  const part = first.code === 200 ? partOf(first.body) : undefined;
  return part?.metadata.continue ? pieces(part, next, form) : undefined;
}

async function* pieces(first: Part, next: NextPart, form: ListForm): AsyncGenerator<string> {
  const { continue: token = '', remainingItemCount: _count, ...metadata } = first.metadata;
  yield form.head(first.head, metadata);
  let isFirst = true;
  for (let part = first, rest = token; ; ) {
    if (part.items !== '') {
      yield isFirst ? form.items(part.items) : `,${form.items(part.items)}`;
      isFirst = false;
    }
    if (rest === '') break;
    const answer = await next(rest);
    const following = answer.code === 200 ? partOf(answer.body) : undefined;
    // The head is gone to the client: a broken body is all that can be told now.
    if (!following) throw new Error(`a part of a list could not be read: ${answer.code}`);
    part = following;
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
