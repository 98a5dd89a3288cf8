/** Watches: forwarded to the shard of one namespace, or to the hub for all of them. */
import { fail, notAcceptable, ok, type Result } from '../../../schema/meta/status.ts';
import type { WatchFormat, WatchRequest } from '../../../schema/protocol/shard.ts';
import { isWebSocketRequest } from '../../authn/websocket-request.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import type { Accepted } from '../negotiation/accept.ts';
import { STREAM_MEDIA_TYPES } from '../negotiation/media-types.ts';
import { protobufWatch } from '../negotiation/protobuf-watch.ts';
import { includeObject } from '../answers/object-forms.ts';
import { type ListOptions, listOptions } from '../request/request-options.ts';
import { whileKnown } from '../revocation.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { hubOf, shardOf } from '../stores.ts';
import { webSocketWatch } from './websocket-watch.ts';

/** A watch that names no end gets one between this and its double. Source: apiserver --min-request-timeout. */
const WATCH_SECONDS_MIN = 1_800;
const WATCH_SECONDS_MAX = 86_400;

export async function watchObjects(api: ApiRequest, resource: ServedResource, accepted: Accepted): Promise<Handled> {
  const options = listOptions(api.query, resource, true);
  if (!options.ok) return options.status;
  const { format: mediaFormat } = accepted.mediaType;
  if (mediaFormat === 'yaml') {
    return notAcceptable(`only the following media types are accepted: ${STREAM_MEDIA_TYPES.join(', ')}`);
  }
  const format = watchFormat(api, accepted);
  if (!format.ok) return format.status;
  const request = watchRequest(api, resource, options.value, format.value);
  const isFannedOut = resource.definition.scope === 'Namespaced' && request.namespace === '';
  const stub = isFannedOut ? hubOf(api.env) : shardOf(api.env, request.namespace);
  const response = await stub.fetch('https://zeroplane/watch', {
    headers: { 'x-zeroplane-watch': JSON.stringify(request) },
    signal: whileKnown({ ...api, gone: api.request.signal }, request.timeoutSeconds),
  });
  if (isWebSocketRequest(api.request.headers)) return webSocketWatch(api.request.headers, response, mediaFormat);
  return mediaFormat === 'protobuf' ? protobufWatch(response) : response;
}

function watchFormat(
  api: ApiRequest,
  { conversion }: Accepted,
): Result<{ format: WatchFormat; includeObject?: 'Object' | 'Metadata' | 'None' }> {
  if (!conversion) return ok({ format: 'object' });
  if (conversion.kind === 'PartialObjectMetadataList') {
    return fail(notAcceptable('you requested PartialObjectMetadataList, but the requested object is not a list'));
  }
  if (conversion.kind === 'PartialObjectMetadata') return ok({ format: 'partial' });
  const include = includeObject(api.query);
  return include.ok ? ok({ format: 'table', includeObject: include.value }) : include;
}

function watchRequest(
  api: ApiRequest,
  resource: ServedResource,
  options: ListOptions,
  format: { format: WatchFormat; includeObject?: 'Object' | 'Metadata' | 'None' },
): WatchRequest {
  const { definition, apiVersion } = resource;
  const { pathName } = api.info;
  const named = pathName ? `metadata.name=${pathName}` : '';
  return {
    resource: definition.key,
    apiVersion,
    namespace: definition.scope === 'Namespaced' ? api.info.namespace : '',
    labelSelector: options.labelSelector,
    fieldSelector: [options.fieldSelector, named].filter(Boolean).join(','),
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch === 'NotOlderThan' ? 'NotOlderThan' : '',
    allowWatchBookmarks: options.allowWatchBookmarks,
    sendInitialEvents: options.sendInitialEvents,
    timeoutSeconds: watchSeconds(options.timeoutSeconds, api.runtime.random()),
    ...format,
  };
}

const watchSeconds = (asked: number | undefined, random: number): number =>
  asked !== undefined && asked > 0 ? Math.min(asked, WATCH_SECONDS_MAX) : Math.floor(WATCH_SECONDS_MIN * (1 + random));
