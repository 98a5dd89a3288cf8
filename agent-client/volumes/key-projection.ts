/** Which keys of a ConfigMap or Secret become which files. Pure. Source: pkg/volume/{configmap,secret}. */
import type { ProjectedFile } from './atomic-writer.ts';
import { unsafePath } from './atomic-writer.ts';

export interface KeyItem {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

export type Projection =
  | { readonly ok: true; readonly files: ReadonlyMap<string, ProjectedFile> }
  | { readonly ok: false; readonly message: string };

export interface KeyProjectionInput {
  readonly contents: ReadonlyMap<string, Buffer>;
  readonly items: readonly KeyItem[] | undefined;
  readonly defaultMode: number;
  readonly optional: boolean;
  /** `configmap references non-existent config key` or `references non-existent secret key`. */
  readonly missingKey: string;
}

export function projectKeys(input: KeyProjectionInput): Projection {
  const files = new Map<string, ProjectedFile>();
  if (!input.items?.length) {
    for (const [key, content] of input.contents) files.set(key, { content, mode: input.defaultMode });
    return { ok: true, files };
  }
  for (const item of input.items) {
    const content = input.contents.get(item.key);
    if (!content) {
      if (input.optional) continue;
      return { ok: false, message: `${input.missingKey}: ${item.key}` };
    }
    const unsafe = unsafePath(item.path);
    if (unsafe) return { ok: false, message: unsafe };
    files.set(item.path, { content, mode: item.mode ?? input.defaultMode });
  }
  return { ok: true, files };
}

export function configMapContents(object: { readonly [key: string]: unknown } | undefined): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const [key, text] of Object.entries((object?.['data'] ?? {}) as Record<string, string>))
    contents.set(key, Buffer.from(text, 'utf8'));
  for (const [key, text] of Object.entries((object?.['binaryData'] ?? {}) as Record<string, string>))
    contents.set(key, Buffer.from(text, 'base64'));
  return contents;
}

export const secretContents = (object: { readonly [key: string]: unknown } | undefined): Map<string, Buffer> =>
  new Map(
    Object.entries((object?.['data'] ?? {}) as Record<string, string>).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64'),
    ]),
  );
