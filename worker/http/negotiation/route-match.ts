/**
 * What upstream's router refuses by media type before a handler sees it: it compares names and knows no
 * wildcard but the one for everything. Source: go-restful RouterJSR311.detectRoute, apiserver server/handler.go.
 */
import { failure, type Status } from '../../../schema/meta/status.ts';
import { ANSWER_MEDIA_TYPES, STREAM_MEDIA_TYPES } from './media-types.ts';

const OBJECTS: readonly string[] = ANSWER_MEDIA_TYPES.map(({ name }) => name);
const COLLECTIONS: readonly string[] = [...OBJECTS, ...STREAM_MEDIA_TYPES];

/** What follows is not looked at. */
const HEADER_CHARS_MAX = 4_096;

/** The media types a header names, without parameters. */
const named = (header: string): readonly string[] =>
  header
    .slice(0, HEADER_CHARS_MAX)
    .split(',')
    .map((part) => (part.split(';', 1)[0] as string).trim());

const matches = (header: string, offered: readonly string[]): boolean =>
  named(header).some((name) => name === '*/*' || offered.includes(name));

export interface RouteTypes {
  /** Whether the route may answer with a stream too: lists and watches. */
  readonly isCollection?: boolean;
  /** Body types of routes that do not take any. */
  readonly consumes?: readonly string[];
}

/** 415 or 406 for a request that no route of that path and method is for. */
export function routeRefusal(
  headers: Headers,
  { isCollection = false, consumes }: RouteTypes = {},
): Status | undefined {
  if (consumes && !matches(headers.get('content-type') || 'application/octet-stream', consumes)) {
    return failure({ code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type', details: {} });
  }
  const produces = isCollection ? COLLECTIONS : OBJECTS;
  if (matches(headers.get('accept') || '*/*', OBJECTS)) return undefined;
  const message = `406: Not Acceptable\n\nAvailable representations: ${produces.join(', ')}`;
  return failure({ code: 406, reason: 'NotAcceptable', message, details: {} });
}
