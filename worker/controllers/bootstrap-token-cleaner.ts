/** Deletes join tokens that have ended. Source: pkg/controller/bootstrap tokencleaner.go. */
import { decodeBase64Bytes } from '../../schema/meta/base64.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { parseTime } from '../../schema/meta/time.ts';
import { defineController } from './controller.ts';

const TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
const NAMESPACE = 'kube-system';

/** ms since the epoch; undefined for tokens that never end. What cannot be read has ended. */
export function expirationOf(secret: UntypedObject): number | undefined {
  const encoded = (secret['data'] as Record<string, string> | undefined)?.['expiration'];
  if (!encoded) return undefined;
  return parseTime(decodeBase64Bytes(encoded)) ?? 0;
}

export const bootstrapTokenCleaner = defineController({
  name: 'token-cleaner',
  for: 'secrets',
  owns: [],
  reconcile(view, name, { now }) {
    if (view.namespace !== NAMESPACE) return { writes: [] };
    const secret = view.get('secrets', name);
    if (secret === undefined || secret['type'] !== TOKEN_TYPE || secret.metadata.deletionTimestamp)
      return { writes: [] };
    const at = expirationOf(secret);
    if (at === undefined) return { writes: [] };
    if (at > now) return { writes: [], requeueAt: at };
    const uid = secret.metadata.uid;
    return {
      writes: [{ op: 'delete', resource: 'secrets', name, options: uid ? { preconditions: { uid } } : {} }],
    };
  },
});
