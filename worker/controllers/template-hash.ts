import type { PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';

export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** Upstream's alphabet without vowels and look-alikes (apimachinery util/rand). */
const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Names a template: equal templates have equal hashes, whatever the order of their members.
 * `collisionCount` is the Deployment's, raised when two templates met in one hash.
 * Source: pkg/controller controller_utils.go ComputeHash (whose input, Go's struct dump, is not reproduced).
 */
export const podTemplateHash = (template: PodTemplateSpec, collisionCount: number | undefined): string =>
  hashName(template, collisionCount);

/** A short name for a JSON value's content. */
export function hashName(value: unknown, collisionCount: number | undefined): string {
  let hash = fnv1a(canonicalJson(value), 0x811c9dc5);
  if (collisionCount !== undefined) hash = fnv1a(`#${collisionCount}`, hash);
  return [...String(hash)].map((digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]).join('');
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}

/** JSON with members in code unit order, absent where they are null or undefined. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const record = value as Record<string, unknown>;
  const members = Object.keys(record)
    .filter((key) => record[key] !== undefined && record[key] !== null)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
  return `{${members.join(',')}}`;
}
