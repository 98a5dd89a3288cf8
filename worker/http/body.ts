/** Request bodies, read up to a limit. */
import { fail, ok, requestEntityTooLarge, type Result } from '../../schema/meta/status.ts';

/** Source: apiserver's MaxRequestBodyBytes. */
export const REQUEST_BODY_BYTES_MAX = 3 * 1024 * 1024;

const TOO_LARGE = `limit is ${REQUEST_BODY_BYTES_MAX}`;

const tooLarge = () => fail(requestEntityTooLarge(`Request entity is too large: ${TOO_LARGE}`));

/** The body as text; empty when there is none. A body above the limit is not read to its end. */
export async function readBody(request: Request): Promise<Result<string>> {
  if (!request.body) return ok('');
  const declared = request.headers.get('content-length');
  if (declared !== null) {
    const bytes = Number(declared);
    if (bytes > REQUEST_BODY_BYTES_MAX) return tooLarge();
    if (bytes >= 0 && !request.headers.has('content-encoding')) return ok(await request.text());
  }
  return readChunks(request.body);
}

async function readChunks(body: ReadableStream<Uint8Array>): Promise<Result<string>> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(text + decoder.decode());
    bytes += value.byteLength;
    if (bytes > REQUEST_BODY_BYTES_MAX) {
      await reader.cancel();
      return tooLarge();
    }
    text += decoder.decode(value, { stream: true });
  }
}
