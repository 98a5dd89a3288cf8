/** kubectl's client-side apply and its annotation. Source: managedfields/internal lastapplied*.go. */
import { parseJson } from '../../../schema/decode/decode-json.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { compareObjects } from './compare.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldSetOf, shapeErrors } from './typed-object.ts';
import type { StructShape } from './typed-schema.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** The fields that still are as client-side apply left them; undefined when it was not used. */
export function allowedByLastApplied(
  shape: StructShape,
  live: UntypedObject,
  apiVersion: string,
): FieldSet | undefined {
  const text = live.metadata.annotations?.[ANNOTATION];
  if (!text) return undefined;
  const parsed = parseJson(text);
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return undefined;
  const config = parsed.value as UntypedObject;
  if (config.apiVersion !== apiVersion || shapeErrors(shape, config).length > 0) return undefined;
  const { added, modified, removed } = compareObjects(shape, config, live, 'plain');
  return [modified, added, removed].reduce(difference, fieldSetOf(shape, config));
}

/** The object with its annotation, if it has one, telling what was applied now. */
export function withLastApplied(object: UntypedObject, config: UntypedObject): UntypedObject {
  if (!object.metadata.annotations?.[ANNOTATION]) return object;
  const annotations = { ...object.metadata.annotations, [ANNOTATION]: lastAppliedText(config) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function lastAppliedText(config: UntypedObject): string {
  const { annotations, ...metadata } = config.metadata;
  const { [ANNOTATION]: _old, ...others } = annotations ?? {};
  const bare = { ...config, metadata: annotations ? { ...metadata, annotations: others } : metadata };
  return `${JSON.stringify(sorted(bare))}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]));
}
