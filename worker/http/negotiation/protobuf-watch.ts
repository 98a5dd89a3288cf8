/** Watch events as protobuf frames. Source: apimachinery serializer/protobuf LengthDelimitedFramer. */
import { encodeEventFrame, encodeObjectProtobuf, EVENT_LENGTH_BYTES } from '../../../schema/encode/encode-protobuf.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { messageTypeOf, protobufMediaType } from './protobuf.ts';

/** The watch with each event rewritten; what is no stream of events (a refusal) stays as it is. */
export function protobufWatch(response: Response): Response {
  if (!response.ok || !response.body) return response;
  const headers = new Headers(response.headers);
  headers.set('content-type', `${protobufMediaType.name};stream=watch`);
  return new Response(response.body.pipeThrough(eventFrames()), { status: response.status, headers });
}

/** Lines of JSON events in, frames out. Empty lines, which only keep connections alive, are left out. */
export function eventFrames(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let rest = '';
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      const frames = lines.filter(Boolean).map(frameOf);
      if (frames.length > 0) controller.enqueue(joined(frames));
    },
  });
}

function frameOf(line: string): Uint8Array {
  const { type, object } = JSON.parse(line) as { type: string; object: UntypedObject };
  return encodeEventFrame(type, encodeObjectProtobuf(object, messageTypeOf(object)));
}

/** A JSON event as a message of its own, where the transport keeps messages apart. */
export const eventMessage = (line: string): Uint8Array => frameOf(line).subarray(EVENT_LENGTH_BYTES);

/** One write for what came together. */
function joined(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length === 1) return frames[0] as Uint8Array;
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
