/** The quick look that finds an apply of what is already there, which is what most applies are. */
import { equalJson } from '../../../schema/meta/json-value.ts';
import { itemElement, type ListShape, type Shape } from './typed-schema.ts';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether merging `config` into `live` certainly gives `live` itself. May say no of what differs only in
 * form, and of anything unusual. `config` is known to fit its type.
 */
export function covers(shape: Shape, live: unknown, config: unknown): boolean {
  if (shape.kind === 'leaf') return equalJson(live, config);
  if (shape.kind === 'list') return Array.isArray(live) && Array.isArray(config) && coversItems(shape, live, config);
  if (!isMembers(live) || !isMembers(config)) return false;
  for (const key of Object.keys(config)) {
    const inner = shape.kind === 'map' ? shape.value : shape.fields.get(key)?.shape;
    if (!inner || !Object.hasOwn(live, key) || !covers(inner, live[key], config[key])) return false;
  }
  return true;
}

/** The configuration's items must stand in the same order; others may stand between them. */
function coversItems(shape: ListShape, live: readonly unknown[], config: readonly unknown[]): boolean {
  const elements = live.map((item) => itemElement(shape, item));
  // Repeated items are merged in ways of their own.
  if (new Set(elements).size !== elements.length) return false;
  let at = 0;
  for (const item of config) {
    at = elements.indexOf(itemElement(shape, item), at);
    if (at < 0 || !covers(shape.item, live[at], item)) return false;
    at += 1;
  }
  return config.length > 0 || live.length === 0;
}
