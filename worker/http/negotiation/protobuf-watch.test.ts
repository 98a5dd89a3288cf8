import { describe, expect, it } from 'vitest';
import { decodeMessage, readEnvelope } from '../../../schema/decode/decode-protobuf.ts';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { eventFrames } from './protobuf-watch.ts';

const event = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } } })}\n`;

async function framesOf(chunks: readonly string[]): Promise<Uint8Array> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  return new Uint8Array(await new Response(source.pipeThrough(eventFrames())).arrayBuffer());
}

/** What a client reads: the events' types and the names of their objects. */
function read(frames: Uint8Array): string[] {
  const view = new DataView(frames.buffer, frames.byteOffset);
  const events: string[] = [];
  for (let at = 0; at < frames.length; ) {
    const length = view.getUint32(at);
    const reader = new BinaryReader(frames.subarray(at + 4, at + 4 + length));
    reader.tag();
    const type = reader.string();
    reader.tag();
    const raw = new BinaryReader(reader.bytes());
    raw.tag();
    const envelope = readEnvelope(raw.bytes());
    const object = envelope.ok ? decodeMessage(envelope.value.raw, 'V1ConfigMap') : undefined;
    events.push(`${type} ${object?.ok ? (object.value['metadata'] as { name: string }).name : '?'}`);
    at += 4 + length;
  }
  return events;
}

describe('a watch in protobuf', () => {
  it('frames each event, however the lines come', async () => {
    const text = `${event('ADDED', 'a')}\n${event('DELETED', 'ü')}`;
    expect(read(await framesOf([text]))).toEqual(['ADDED a', 'DELETED ü']);
    expect(read(await framesOf([...text]))).toEqual(['ADDED a', 'DELETED ü']);
  });
});
