/**
 * A list without limit comes from the Durable Object in parts of one snapshot, each with a token for the
 * next. The API Worker sends it on part by part, so that nobody ever holds the whole of a large list.
 */
import type { Answer } from '../../../schema/protocol/shard.ts';
import { type ListMetadata, type ListPartText, type NextPart, partOf } from '../../../schema/protocol/whole-list.ts';

/** How a list is written part by part: head, items with commas between the parts, `]}`. */
export interface ListForm {
  /** Up to and with the bracket that opens the items; `head` is the list's own text up to its metadata. */
  head(head: string, metadata: ListMetadata): string;
  /** The items of a part, of which there is at least one, without brackets. */
  items(text: string): string;
}

/** The list as the registry has it. */
export const objectList: ListForm = {
  head: (head, metadata) => `${head},"metadata":${JSON.stringify(metadata)},"items":[`,
  items: (text) => text,
};

/** The whole list's text in pieces, if `first` is only a part of it. */
export function listInPieces(first: Answer, next: NextPart, form: ListForm): AsyncGenerator<string> | undefined {
  const part = partOf(first);
  return part?.metadata.continue ? pieces(part, next, form) : undefined;
}

async function* pieces(first: ListPartText, next: NextPart, form: ListForm): AsyncGenerator<string> {
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
    const following = partOf(answer);
    // The head is gone to the client: a broken body is all that can be told now.
    if (!following) throw new Error(`a part of a list could not be read: ${answer.code}`);
    part = following;
    rest = part.metadata.continue ?? '';
  }
  yield ']}';
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
