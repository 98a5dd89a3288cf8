import type { BodyMediaType } from './media-type.ts';

/** What kubectl's generators and client-go's typed clients send for built-in kinds. They take JSON for an answer. */
export const protobufMediaType: BodyMediaType = { name: 'application/vnd.kubernetes.protobuf', format: 'protobuf' };
