/** How a span's changes reach the hub: in parts that fit a message, the last of which closes the span. */
import type { Change } from '../../schema/protocol/change.ts';

/** Characters of text in one message; a message holds 32 MiB and a character may take two bytes. */
export const MESSAGE_TEXT_LENGTH_MAX = 6_000_000;

/** Sends in order; rejects with the first part that fails, after which all is to be sent again. */
export async function publishInParts(
  changes: readonly Change[],
  send: (part: readonly Change[], more: boolean) => Promise<void>,
): Promise<void> {
  let part: Change[] = [];
  let length = 0;
  for (const change of changes) {
    const size = change.text.length + (change.previous?.text.length ?? 0);
    if (part.length > 0 && length + size > MESSAGE_TEXT_LENGTH_MAX) {
      await send(part, true);
      part = [];
      length = 0;
    }
    part.push(change);
    length += size;
  }
  await send(part, false);
}
