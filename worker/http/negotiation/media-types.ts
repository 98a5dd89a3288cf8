/** The media types of bodies: one line each, one file per codec. */
import { jsonMediaType } from './json.ts';
import type { MediaType } from './media-type.ts';
import { yamlMediaType } from './yaml.ts';

/** In the order they are named to clients; the first is the default. */
export const ANSWER_MEDIA_TYPES: readonly MediaType[] = [jsonMediaType, yamlMediaType];

/** What the Content-Type header asks for; undefined: not read here. No header means JSON. */
export function bodyMediaType(contentType: string | null): MediaType | undefined {
  if (!contentType) return jsonMediaType;
  const semicolon = contentType.indexOf(';');
  const name = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  return ANSWER_MEDIA_TYPES.find((mediaType) => mediaType.name === name);
}

export const unknownBodyFormat = (accepted: readonly string[]): string =>
  `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
