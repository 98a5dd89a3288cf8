/**
 * The text of lists that come in parts, see `LIST_PART_LENGTH_MAX`: each part is a list with the token for
 * the next in its metadata, all of one snapshot.
 */
import type { Answer } from './shard.ts';

const METADATA = ',"metadata":';
const ITEMS = ',"items":[';
const END = ']}';

export interface ListMetadata {
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly resourceVersion?: string;
}

export interface ListPartText {
  /** The list's text up to its metadata. */
  readonly head: string;
  readonly metadata: ListMetadata;
  /** The items' text, without brackets. */
  readonly items: string;
}

/** Splits a list's text; an answer that is no list (a Status) is undefined. */
export function partOf({ code, body }: Answer): ListPartText | undefined {
  if (code !== 200) return undefined;
  const at = body.indexOf(ITEMS);
  const start = body.indexOf(METADATA);
  if (at < 0 || start < 0 || start > at || !body.endsWith(END)) return undefined;
  return {
    head: body.slice(0, start),
    metadata: JSON.parse(body.slice(start + METADATA.length, at)),
    items: body.slice(at + ITEMS.length, -END.length),
  };
}

/** Asks for the part that a token leads to. */
export type NextPart = (token: string) => Promise<Answer>;

/** The whole list of which `first` is a part; what is whole already, or no list, as it is. A part that cannot be had is answered instead. */
export async function wholeList(first: Answer, next: NextPart): Promise<Answer> {
  const part = partOf(first);
  if (!part?.metadata.continue) return first;
  const items = [part.items];
  for (let token = part.metadata.continue; token !== ''; ) {
    const answer = await next(token);
    const following = partOf(answer);
    if (!following) return answer;
    items.push(following.items);
    token = following.metadata.continue ?? '';
  }
  const { continue: _token, remainingItemCount: _count, ...metadata } = part.metadata;
  const all = items.filter((text) => text !== '').join(',');
  return { ...first, body: `${part.head}${METADATA}${JSON.stringify(metadata)}${ITEMS}${all}${END}` };
}
