/** Label and field selectors of a list or watch, ready to match objects by their selectable meta. */
import { exactFieldValue, fieldsMatch, parseFieldSelector } from '../../schema/meta/field-selector.ts';
import { labelsMatch, parseLabelSelector } from '../../schema/meta/label-selector.ts';
import { badRequest, fail, ok, type Result } from '../../schema/meta/status.ts';
import type { SelectableMeta } from '../../schema/protocol/change.ts';

export interface Selection {
  /** Both selectors as text: equal keys select the same. */
  readonly key: string;
  /** Absent: everything. */
  readonly matches: ((meta: SelectableMeta) => boolean) | undefined;
  /** The one name that can be selected, where the selectors demand one. */
  readonly onlyName: string | undefined;
}

export const EVERYTHING: Selection = { key: '', matches: undefined, onlyName: undefined };

/** For selectors that were refused before: selects nothing. */
export const NOTHING: Selection = { key: '', matches: () => false, onlyName: undefined };

/** Parses both; 400 with upstream's text when one is malformed. */
export function selectionOf(labelSelector: string, fieldSelector: string): Result<Selection> {
  if (labelSelector === '' && fieldSelector === '') return ok(EVERYTHING);
  const labels = parseLabelSelector(labelSelector);
  if (!labels.ok) return fail(badRequest(`unable to parse requirement: ${labels.error}`));
  const fields = parseFieldSelector(fieldSelector);
  if (!fields.ok) return fail(badRequest(fields.error));
  const key = `${labelSelector}\n${fieldSelector}`;
  if (labels.value.length === 0 && fields.value.length === 0) return ok(EVERYTHING);
  return ok({
    key,
    onlyName: exactFieldValue(fields.value, 'metadata.name'),
    matches: (meta) => labelsMatch(labels.value, meta.labels) && fieldsMatch(fields.value, meta.fields),
  });
}
