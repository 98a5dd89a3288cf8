/** Conflicts between managers in upstream's words. Source: managedfields/internal/conflict.go. */
import { goQuote } from '../../../schema/meta/go-format.ts';
import { failure, type Status } from '../../../schema/meta/status.ts';
import { pathsOf, pathText } from './field-set.ts';
import type { Manager } from './managers.ts';
import type { Conflicts } from './ownership.ts';

export function conflictStatus(conflicts: Conflicts): Status {
  const found = [...conflicts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { manager, set }]) => ({ owner: ownerText(manager), fields: pathsOf(set).map(pathText) }));
  const causes = found.flatMap(({ owner, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  return failure({ code: 409, reason: 'Conflict', message: messageOf(found, causes.length), details: { causes } });
}

interface OwnerConflicts {
  readonly owner: string;
  readonly fields: readonly string[];
}

function messageOf(found: readonly OwnerConflicts[], count: number): string {
  const [first] = found;
  if (count === 1 && first) return `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.fields[0]}`;
  const lines = found.flatMap(({ owner, fields }) => [
    `conflicts with ${owner}:`,
    ...fields.map((field) => `- ${field}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

function ownerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const who = subresource ? `${goQuote(manager)} with subresource ${goQuote(subresource)}` : goQuote(manager);
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}
