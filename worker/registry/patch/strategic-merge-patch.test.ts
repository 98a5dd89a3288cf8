import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

type Members = Record<string, unknown>;

function merged(schema: string, original: Members, patch: Members): unknown {
  const result = applyStrategicMergePatch(structuredClone(original), structuredClone(patch), schema);
  return result.ok ? result.value : `${result.kind}: ${result.error}`;
}
const pod = (spec: Members): Members => ({ spec });
const podMerged = (original: Members, patch: Members): unknown => {
  const result = merged('V1Pod', pod(original), pod(patch));
  return typeof result === 'string' ? result : (result as { spec: unknown }).spec;
};

describe('lists', () => {
  test('containers are merged by name, new ones stand first', () => {
    const original = {
      containers: [
        { name: 'a', image: 'x', args: ['1'] },
        { name: 'b', image: 'y' },
      ],
    };
    expect(podMerged(original, { containers: [{ name: 'b', image: 'z' }, { name: 'c' }] })).toEqual({
      containers: [{ name: 'a', image: 'x', args: ['1'] }, { name: 'b', image: 'z' }, { name: 'c' }],
    });
    expect(podMerged(original, { containers: [{ name: 'c' }] })).toEqual({
      containers: [{ name: 'c' }, { name: 'a', image: 'x', args: ['1'] }, { name: 'b', image: 'y' }],
    });
  });

  test('ports are merged by containerPort, env by name, mounts by mountPath', () => {
    const original = {
      containers: [
        {
          name: 'a',
          ports: [{ containerPort: 80, name: 'http' }],
          env: [{ name: 'X', value: '1' }],
          volumeMounts: [{ mountPath: '/a', name: 'v' }],
        },
      ],
    };
    const patch = {
      containers: [
        {
          name: 'a',
          ports: [{ containerPort: 80, protocol: 'UDP' }],
          env: [{ name: 'X', value: '2' }],
          volumeMounts: [{ mountPath: '/a', readOnly: true }],
        },
      ],
    };
    expect(podMerged(original, patch)).toEqual({
      containers: [
        {
          name: 'a',
          ports: [{ containerPort: 80, name: 'http', protocol: 'UDP' }],
          env: [{ name: 'X', value: '2' }],
          volumeMounts: [{ mountPath: '/a', name: 'v', readOnly: true }],
        },
      ],
    });
  });

  test('tolerations and args are replaced whole', () => {
    const original = { tolerations: [{ key: 'a' }], containers: [{ name: 'a', args: ['1', '2'] }] };
    expect(podMerged(original, { tolerations: [{ key: 'b' }], containers: [{ name: 'a', args: ['3'] }] })).toEqual({
      tolerations: [{ key: 'b' }],
      containers: [{ name: 'a', args: ['3'] }],
    });
  });

  test('finalizers are merged as a set, owner references by uid', () => {
    const original = { metadata: { finalizers: ['a', 'b'], ownerReferences: [{ uid: '1', name: 'x' }] } };
    const patch = { metadata: { finalizers: ['b', 'c'], ownerReferences: [{ uid: '1', name: 'y' }] } };
    expect(merged('V1ConfigMap', original, patch)).toEqual({
      metadata: { finalizers: ['a', 'b', 'c'], ownerReferences: [{ uid: '1', name: 'y' }] },
    });
  });

  test('conditions of a status are merged by type', () => {
    const original = {
      status: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'X', status: 'True' },
        ],
      },
    };
    expect(merged('V1Node', original, { status: { conditions: [{ type: 'Ready', status: 'True' }] } })).toEqual({
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'X', status: 'True' },
        ],
      },
    });
  });

  test('an item without its merge key', () => {
    expect(podMerged({ containers: [{ name: 'a' }] }, { containers: [{ image: 'x' }] })).toBe(
      'Internal: map: map[image:x] does not contain declared merge key: name',
    );
  });
});

describe('maps', () => {
  test('null deletes a member, and is ignored where there is none', () => {
    const original = { metadata: { labels: { a: '1', b: '2' } } };
    expect(
      merged('V1ConfigMap', original, {
        metadata: { labels: { a: null, c: null, d: '4' } },
        data: { x: null, y: '1' },
      }),
    ).toEqual({
      metadata: { labels: { b: '2', d: '4' } },
      data: { y: '1' },
    });
  });

  test('the selector of a PodDisruptionBudget is replaced whole', () => {
    const original = { spec: { selector: { matchLabels: { a: '1' } } } };
    expect(merged('V1PodDisruptionBudget', original, { spec: { selector: { matchLabels: { b: '2' } } } })).toEqual({
      spec: { selector: { matchLabels: { b: '2' } } },
    });
  });
});

describe('directives', () => {
  test('$patch: delete takes an item out', () => {
    expect(
      podMerged({ containers: [{ name: 'a' }, { name: 'b' }] }, { containers: [{ name: 'a', $patch: 'delete' }] }),
    ).toEqual({
      containers: [{ name: 'b' }],
    });
  });

  test('$patch: replace in a list replaces the list, in an object the object', () => {
    expect(podMerged({ containers: [{ name: 'a' }] }, { containers: [{ name: 'b' }, { $patch: 'replace' }] })).toEqual({
      containers: [{ name: 'b' }],
    });
    const original = { metadata: { labels: { a: '1' }, name: 'x' } };
    expect(merged('V1ConfigMap', original, { metadata: { labels: { $patch: 'replace', b: '2' } } })).toEqual({
      metadata: { labels: { b: '2' }, name: 'x' },
    });
  });

  test('$patch: delete empties an object; anything else is refused', () => {
    expect(merged('V1ConfigMap', { data: { a: '1' } }, { data: { $patch: 'delete' } })).toEqual({ data: {} });
    expect(merged('V1ConfigMap', { data: { a: '1' } }, { data: { $patch: 'foo' } })).toBe(
      'Internal: unknown patch type: foo in map: map[$patch:foo]',
    );
  });

  test('$deleteFromPrimitiveList', () => {
    expect(
      merged(
        'V1ConfigMap',
        { metadata: { finalizers: ['a', 'b'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      ),
    ).toEqual({ metadata: { finalizers: ['b'] } });
    expect(merged('V1ConfigMap', { metadata: {} }, { metadata: { $deleteFromPrimitiveList: ['a'] } })).toBe(
      'BadRequest: invalid patch format of primitive list',
    );
  });

  test('$retainKeys drops what it does not list', () => {
    const original = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    expect(
      merged('V1Deployment', original, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
    ).toEqual({ spec: { strategy: { type: 'Recreate' } } });
    expect(merged('V1Deployment', original, { spec: { strategy: { $retainKeys: ['x'], type: 'Recreate' } } })).toBe(
      'BadRequest: invalid patch format of retainKeys',
    );
  });

  test('$setElementOrder orders what it names, the rest keeps its place', () => {
    const original = { containers: [{ name: 'a' }, { name: 'b' }, { name: 'sidecar' }] };
    const patch = {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }],
      containers: [{ name: 'c' }],
    };
    expect(podMerged(original, patch)).toEqual({
      containers: [{ name: 'c' }, { name: 'b' }, { name: 'a' }, { name: 'sidecar' }],
    });
  });

  test('a patch out of the order it sets', () => {
    const patch = {
      '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }],
      containers: [{ name: 'b' }, { name: 'a' }],
    };
    expect(podMerged({ containers: [] }, patch)).toMatch(
      /^Internal: The order in patch list:\n\[map\[name:b\] map\[name:a\]\]\n doesn't match/,
    );
  });
});

describe('whatever comes', () => {
  test('never throws and never pollutes prototypes', () => {
    const key = fc.constantFrom(
      'metadata',
      'spec',
      'containers',
      'name',
      'labels',
      'finalizers',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '$deleteFromPrimitiveList/finalizers',
      '__proto__',
      'volumes',
      'foo',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('a', 'delete', 'replace', 1, null, true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    }));
    const members = fc
      .dictionary(key, value, { maxKeys: 5 })
      .map((object) => JSON.parse(JSON.stringify(object)) as Members);
    fc.assert(
      fc.property(members, members, (original, patch) => {
        applyStrategicMergePatch(original, patch, 'V1Pod');
        expect(({} as Members).name).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('long lists are merged in one pass', () => {
    const items = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `c${i}`, value: String(i) }));
    const original = { containers: [{ name: 'a', env: items(20_000) }] };
    const result = podMerged(original, { containers: [{ name: 'a', env: items(20_000) }] });
    expect((result as typeof original).containers[0]?.env).toHaveLength(20_000);
  });
});
