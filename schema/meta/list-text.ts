/** The text of lists, put together from the stored texts of their items. */
import type { ResourceDefinition } from './resource.ts';
import { apiVersionOf, servedText, servedVersionOf } from './served-version.ts';

export interface ListFacts {
  readonly resourceVersion: string;
  /** Empty: this is the last page. */
  readonly continue: string;
  readonly remainingItemCount: number | undefined;
}

/**
 * A page is cut after about so much text even where its limit asks for more: a message between Durable
 * Object and Worker holds 32 MiB, and a character may take two bytes.
 */
export const LIST_PAGE_LENGTH_MAX = 12_000_000;

/**
 * A list without limit comes in parts of about this length, each with the token for the next, which the API
 * Worker sends on one after the other: what is held of a large list at a time is a part of it.
 */
export const LIST_PART_LENGTH_MAX = 2_000_000;

/** Gives a function that makes list items of stored texts: in the version asked for, without kind and apiVersion. */
export function itemTextOf(definition: ResourceDefinition, apiVersion: string): (storedText: string) => string {
  const isStored = servedVersionOf(definition, apiVersion) === undefined;
  const version = isStored ? apiVersionOf(definition) : apiVersion;
  const prefix = `{"kind":${JSON.stringify(definition.kind)},"apiVersion":${JSON.stringify(version)},`;
  return (storedText) => {
    const text = isStored ? storedText : servedText(definition, apiVersion, storedText);
    if (!text.startsWith(prefix))
      throw new Error(`stored text of ${definition.key} is not canonical: ${text.slice(0, 80)}`);
    return `{${text.slice(prefix.length)}`;
  };
}

/** A whole list's JSON text. `items` are list items as `itemTextOf` makes them. */
export function listText(
  definition: ResourceDefinition,
  apiVersion: string,
  items: readonly string[],
  facts: ListFacts,
): string {
  const metadata = {
    resourceVersion: facts.resourceVersion,
    ...(facts.continue ? { continue: facts.continue } : {}),
    ...(facts.continue && facts.remainingItemCount !== undefined
      ? { remainingItemCount: facts.remainingItemCount }
      : {}),
  };
  const head = `{"kind":${JSON.stringify(definition.listKind)},"apiVersion":${JSON.stringify(apiVersion)}`;
  return `${head},"metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
}
