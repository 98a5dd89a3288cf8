import { describe, expect, it } from 'vitest';
import { pod } from './pod.ts';
import type { Pod } from './pod-types.ts';
import rows from './testdata/pod-printing.json' with { type: 'json' };

/** A pod created an hour before, and the cells upstream 1.37 prints for it. */
interface Row {
  readonly name: string;
  readonly metadata?: object;
  readonly spec: object;
  readonly status: object;
  readonly cells: readonly string[];
}

const NOW = Date.UTC(2026, 0, 2);

describe('the table of pods', () => {
  it.each(rows as readonly Row[])('shows $name', ({ metadata, spec, status, cells }) => {
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'd', creationTimestamp: '2026-01-01T23:00:00Z', ...metadata },
      spec,
      status,
    } as Pod;
    expect(pod.table.cells(object, NOW)).toEqual(cells);
  });

  it('has upstream’s columns', () => {
    expect(pod.table.columns.map((column) => `${column.name} ${column.type} ${column.priority}`)).toEqual([
      'Name string 0',
      'Ready string 0',
      'Status string 0',
      'Restarts string 0',
      'Age string 0',
      'IP string 1',
      'Node string 1',
      'Nominated Node string 1',
      'Readiness Gates string 1',
    ]);
  });
});
