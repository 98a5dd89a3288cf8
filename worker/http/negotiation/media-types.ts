/** The media types of bodies: one line each, one file per codec. */
import { jsonMediaType } from './json.ts';
import type { BodyMediaType, MediaType } from './media-type.ts';
import { protobufMediaType } from './protobuf.ts';
import { yamlMediaType } from './yaml.ts';

/** What follows is cut off: no client says so much. */
const CONTENT_TYPE_CHARS_MAX = 1_024;

/** In the order they are named to clients; the first is the default. */
export const ANSWER_MEDIA_TYPES: readonly MediaType[] = [jsonMediaType, yamlMediaType, protobufMediaType];

/** As they are named to clients of watches. */
export const STREAM_MEDIA_TYPES: readonly string[] = ANSWER_MEDIA_TYPES.filter(({ streams }) => streams).map(
  ({ name }) => `${name};stream=watch`,
);

const BODY_MEDIA_TYPES: readonly BodyMediaType[] = ANSWER_MEDIA_TYPES;

/** `type/subtype; name=value; …`, as Go's mime.ParseMediaType takes it. */
const CONTENT_TYPE = /^\s*([^\s;]+)\s*(?:;\s*(?:[^\s;="]+=(?:[^\s;="]+|"(?:[^"\\]|\\.)*")\s*)?)*$/;

/** What the Content-Type header asks for; undefined: not read here. No header means JSON. */
export function bodyMediaType(contentType: string | null): BodyMediaType | undefined {
  if (!contentType) return jsonMediaType;
  const name = CONTENT_TYPE.exec(contentType.slice(0, CONTENT_TYPE_CHARS_MAX))?.[1]?.toLowerCase();
  return BODY_MEDIA_TYPES.find((mediaType) => mediaType.name === name);
}

/** The 415's text. */
export const unknownBodyFormat = (accepted: readonly string[] = BODY_MEDIA_TYPES.map(({ name }) => name)): string =>
  `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
