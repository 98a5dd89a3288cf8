import { describe, expect, it } from 'vitest';
import { pod } from './pod.ts';
import type { Container, Pod } from './pod-types.ts';
import rows from './testdata/pod-validation.json' with { type: 'json' };

/** A plain pod with changes, and what upstream 1.37 says to it. */
interface Row {
  readonly name: string;
  readonly metadata?: object;
  /** Over the only container of the plain pod. */
  readonly container?: object;
  /** Over the plain pod's spec. */
  readonly spec?: object;
  readonly errors: readonly string[];
  readonly warnings?: readonly string[];
}

const CONTEXT = { now: 0, user: { username: 'test', groups: [] } };

function podOf({ metadata, container, spec }: Row): Pod {
  const plain = { name: 'c', image: 'nginx:1.2', ...container } as Container;
  return structuredClone({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { containers: [plain], ...spec },
  });
}

describe('validation of new pods', () => {
  it.each(rows as readonly Row[])('$name', (row) => {
    const object = podOf(row);
    pod.defaults?.(object);
    pod.prepareForCreate?.(object, CONTEXT);
    const errors = pod.validate(object, CONTEXT).map(({ field, body }) => `${field}: ${body}`);
    expect(errors.sort()).toEqual([...row.errors].sort());
    expect(pod.update.warnings?.(object, undefined).sort()).toEqual([...(row.warnings ?? [])].sort());
  });

  it('gives every error its type', () => {
    const object = podOf({ name: '', container: { name: '', imagePullPolicy: 'Odd', image: ' x' }, errors: [] });
    pod.defaults?.(object);
    expect(pod.validate(object, CONTEXT).map((error) => error.type)).toEqual([
      'FieldValueRequired',
      'FieldValueNotSupported',
      'FieldValueInvalid',
    ]);
  });
});
