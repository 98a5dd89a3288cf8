import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers } from './covers.ts';
import { mergeObjects, shapeErrors } from './typed-object.ts';
import { rootShapeOf } from './typed-schema.ts';

const shape = rootShapeOf('V1Pod');

const pod = (containers: readonly object[], more: object = {}) => ({ spec: { containers, ...more } });
const a = { name: 'a', image: 'i' };
const b = { name: 'b', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }] };

describe('a configuration is covered', () => {
  it.each([
    ['as it stands', pod([a, b]), pod([a, b]), true],
    ['when it says less', pod([a, b], { nodeName: 'n' }), pod([{ name: 'b', ports: [{ containerPort: 80 }] }]), true],
    ['not in another order', pod([a, b]), pod([b, a]), false],
    ['not with another value', pod([a, b]), pod([{ ...a, image: 'j' }]), false],
    ['not with another item', pod([a]), pod([a, b]), false],
    ['not with another field', pod([a]), pod([a], { nodeName: 'n' }), false],
    ['not where live items are repeated', pod([a, a]), pod([a]), false],
    ['not by null', pod([a]), { spec: null }, false],
    [
      'not in part of what is owned whole',
      pod([], { nodeSelector: { x: '1', y: '1' } }),
      pod([], { nodeSelector: { x: '1' } }),
      false,
    ],
  ])('%s', (_how, live, config, expected) => {
    expect(covers(shape, live, config)).toBe(expected);
  });

  it('only if merging it in changes nothing', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const container = fc.record(
      { name: fc.constant(''), image: fc.constantFrom('i', 'j') },
      { requiredKeys: ['name'] },
    );
    const pods = names.chain((taken) =>
      fc.tuple(...taken.map((name) => container.map((one) => ({ ...one, name })))).chain((containers) =>
        fc.record({
          metadata: fc.record(
            { finalizers: names, labels: fc.dictionary(names.map(String), fc.string()) },
            { requiredKeys: [] },
          ),
          spec: fc.constant({ containers }),
        }),
      ),
    );
    fc.assert(
      fc.property(pods, pods, (live, config) => {
        expect(shapeErrors(shape, config)).toEqual([]);
        if (covers(shape, live, config)) expect(mergeObjects(shape, live, config)).toEqual(live);
        expect(covers(shape, live, live)).toBe(true);
      }),
    );
  });
});
