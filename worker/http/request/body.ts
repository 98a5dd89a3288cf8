/** Request bodies, read up to a limit. */
import { fail, ok, requestEntityTooLarge, type Result, unsupportedMediaType } from '../../../schema/meta/status.ts';

/** Source: apiserver's MaxRequestBodyBytes. */
export const REQUEST_BODY_BYTES_MAX = 3 * 1024 * 1024;

const tooLarge = () => fail(requestEntityTooLarge(`Request entity is too large: limit is ${REQUEST_BODY_BYTES_MAX}`));

/** Upstream does not decode either, and fails on what it finds; the platform would unpack without end. */
const encoded = (request: Request) => {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  return encoding.toLowerCase() === 'identity'
    ? undefined
    : fail(
        unsupportedMediaType(
          `the body of the request is encoded as ${JSON.stringify(encoding)}, which is not read here`,
        ),
      );
};

/** Whether the body's length is known and within the limit; a body above it is not read to its end. */
function declaredLength(request: Request): 'fits' | 'too large' | 'unknown' {
  const declared = request.headers.get('content-length');
  if (declared === null) return 'unknown';
  const bytes = Number(declared);
  if (bytes > REQUEST_BODY_BYTES_MAX) return 'too large';
  return bytes >= 0 ? 'fits' : 'unknown';
}

/** The body as text; empty when there is none. */
export async function readBody(request: Request): Promise<Result<string>> {
  if (!request.body) return ok('');
  const refused = encoded(request);
  if (refused) return refused;
  const length = declaredLength(request);
  if (length === 'too large') return tooLarge();
  // The platform complains about `text()` on bodies whose media type it does not take for text.
  const isText = (request.headers.get('content-type') ?? '').includes('json');
  if (length === 'fits' && isText) return ok(await request.text());
  const bytes = await readBodyBytes(request);
  return bytes.ok ? ok(new TextDecoder().decode(bytes.value)) : bytes;
}

/** The body's bytes. */
export async function readBodyBytes(request: Request): Promise<Result<Uint8Array>> {
  if (!request.body) return ok(new Uint8Array());
  const refused = encoded(request);
  if (refused) return refused;
  const length = declaredLength(request);
  if (length === 'too large') return tooLarge();
  return length === 'fits' ? ok(new Uint8Array(await request.arrayBuffer())) : readChunks(request.body);
}

async function readChunks(body: ReadableStream<Uint8Array>): Promise<Result<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(joined(chunks, length));
    length += value.byteLength;
    if (length > REQUEST_BODY_BYTES_MAX) {
      await reader.cancel();
      return tooLarge();
    }
    chunks.push(value);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
