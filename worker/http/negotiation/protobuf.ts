/**
 * Protobuf, which client-go's typed clients prefer. Source: apimachinery runtime/serializer/protobuf.
 */
import { encodeObjectProtobuf } from '../../../schema/encode/encode-protobuf.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { typeOfKind } from '../openapi/schema-names.ts';
import type { MediaType } from './media-type.ts';

export const protobufMediaType: MediaType = {
  name: 'application/vnd.kubernetes.protobuf',
  type: 'application',
  subtype: 'vnd.kubernetes.protobuf',
  streams: true,
  format: 'protobuf',
  writeBody: (json) => protobufOf(JSON.parse(json) as UntypedObject),
};

/** Kinds of apimachinery, whatever version their answers name. */
const META_TYPES: Readonly<Record<string, string>> = {
  Status: 'V1Status',
  PartialObjectMetadata: 'PartialObjectMetadata',
  PartialObjectMetadataList: 'PartialObjectMetadataList',
};

/** The field table's name for an answer's kind. Throws for kinds that have no protobuf form: they must not get here. */
export function messageTypeOf({ apiVersion = '', kind = '' }: Pick<UntypedObject, 'apiVersion' | 'kind'>): string {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const type = META_TYPES[kind] ?? typeOfKind(group, version, kind);
  if (!type) throw new Error(`${apiVersion} ${kind} has no protobuf form`);
  return type;
}

const protobufOf = (object: UntypedObject): Uint8Array<ArrayBuffer> =>
  encodeObjectProtobuf(object, messageTypeOf(object));
