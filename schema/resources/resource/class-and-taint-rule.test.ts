import { describe, expect, it } from 'vitest';
import { created, decoded, FIXTURE_NOW, rowOf, updated } from '../kind-fixture.ts';
import { deviceClass } from './device-class.ts';
import { deviceTaintRule } from './device-taint-rule.ts';

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const PREFIX = `prefix part ${SUBDOMAIN}`;

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const selector = (expression: string): object => ({ cel: { expression } });

const CLASSES: readonly (readonly [string, object, readonly string[]])[] = [
  ['takes nothing', {}, []],
  [
    'takes selectors, configuration and an extended resource',
    {
      selectors: [selector('true')],
      config: [{ opaque: { driver: 'a.com', parameters: {} } }],
      extendedResourceName: 'example.com/gpu',
    },
    [],
  ],
  [
    'takes at most 32 selectors and configurations',
    { selectors: times(33, () => ({})), config: times(33, () => ({})) },
    [
      'spec.selectors: Too many: 33: must have at most 32 items',
      'spec.config: Too many: 33: must have at most 32 items',
    ],
  ],
  [
    'wants something in selectors and configurations',
    { selectors: [{}], config: [{}] },
    ['spec.selectors[0].cel: Required value', 'spec.config[0].opaque: Required value'],
  ],
  [
    'wants a domain in an extended resource',
    { extendedResourceName: 'gpu' },
    [
      'spec.extendedResourceName: Invalid value: "gpu": a name must be a domain-prefixed path, such as \'example.com/my-prop\'',
    ],
  ],
  [
    'wants a domain of its own',
    { extendedResourceName: 'kubernetes.io/gpu' },
    ['spec.extendedResourceName: Invalid value: "kubernetes.io/gpu": must not have "kubernetes.io/" domain'],
  ],
  [
    'wants no prefix of quotas',
    { extendedResourceName: 'requests.example.com/gpu' },
    ['spec.extendedResourceName: Invalid value: "requests.example.com/gpu": must not have "requests." prefix'],
  ],
  [
    'wants a proper domain',
    { extendedResourceName: 'A_/gpu' },
    [`spec.extendedResourceName: Invalid value: "A_/gpu": ${PREFIX}`],
  ],
];

describe('a device class', () => {
  it.each(CLASSES)('%s', (_name, spec, errors) => {
    expect(created(deviceClass, { spec }).errors).toEqual(errors);
  });

  it('looks at expressions and parameters anew only when they change', () => {
    const long = 'x'.repeat(10 * 1024 + 1);
    const config = [{ opaque: { driver: 'a.com', parameters: { long } } }];
    const stored = decoded(deviceClass, { spec: { selectors: [selector(long)], config } });
    const kept = updated(deviceClass, stored, ({ metadata }) => {
      metadata.labels = { a: 'b' };
    });
    expect(kept.errors).toEqual([]);
    const changed = updated(deviceClass, stored, ({ spec }) => {
      spec?.selectors?.push({ cel: { expression: 'true' } });
      spec?.config?.push({ opaque: { driver: 'b.com', parameters: {} } });
    });
    expect(changed.errors).toEqual([
      'spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes',
      'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
    ]);
  });

  it('shows its name and age', () => {
    expect(rowOf(deviceClass, decoded(deviceClass))).toEqual(['x', '60m']);
  });
});

const taint = { key: 'example.com/broken', effect: 'NoExecute' };

const RULES: readonly (readonly [string, object, readonly string[]])[] = [
  ['takes a taint of everything', { taint }, []],
  ['takes a taint of one device', { deviceSelector: { driver: 'a.com', pool: 'a/b', device: 'd' }, taint }, []],
  [
    'wants a taint',
    {},
    [
      'spec.taint.key: Invalid value: "": name part must be non-empty',
      `spec.taint.key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      'spec.taint.effect: Required value',
    ],
  ],
  [
    'knows three effects',
    { taint: { key: 'k', effect: 'PreferNoSchedule' } },
    ['spec.taint.effect: Unsupported value: "PreferNoSchedule": supported values: "NoExecute", "NoSchedule", "None"'],
  ],
  [
    'checks what it selects by',
    { deviceSelector: { driver: '', pool: 'B', device: 'D' }, taint },
    [
      'spec.deviceSelector.driver: Required value',
      `spec.deviceSelector.pool: Invalid value: "B": ${SUBDOMAIN}`,
      `spec.deviceSelector.device: Invalid value: "D": ${LABEL}`,
    ],
  ],
];

describe('a device taint rule', () => {
  const later = FIXTURE_NOW + 60_000;
  const strategy = { now: later, user: { username: 'a', groups: [] } };
  const stored = created(deviceTaintRule, { spec: { taint } }).object;

  it.each(RULES)('%s', (_name, spec, errors) => {
    expect(created(deviceTaintRule, { spec }).errors).toEqual(errors);
  });

  it('counts from its creation, and anew from a change of effect', () => {
    expect(stored.spec?.taint?.timeAdded).toBe('2026-01-01T01:00:00Z');
    const withEffect = (effect: 'None' | 'NoExecute', timeAdded?: string): string | undefined => {
      const next = structuredClone(stored);
      next.spec = { taint: { ...next.spec?.taint, effect, ...(timeAdded ? { timeAdded } : {}) } };
      deviceTaintRule.update.prepareForUpdate?.(next, stored, strategy);
      return next.spec.taint?.timeAdded;
    };
    expect(withEffect('NoExecute')).toBe('2026-01-01T01:00:00Z');
    expect(withEffect('None')).toBe('2026-01-01T01:01:00Z');
    expect(withEffect('None', '2025-01-01T00:00:00Z')).toBe('2025-01-01T00:00:00Z');
  });

  it('keeps status and spec apart', () => {
    const condition = {
      type: 'EvictionInProgress',
      status: 'True' as const,
      reason: 'R',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const main = updated(deviceTaintRule, stored, (rule) => {
      rule.status = { conditions: [condition] };
    });
    expect(main).toEqual({ object: stored, errors: [] });
    const status = updated(
      deviceTaintRule,
      stored,
      (rule) => {
        rule.spec = { taint: { key: 'other' } };
        rule.status = { conditions: times(9, (i) => ({ ...condition, type: `T${i}` })) };
      },
      { subresource: 'status' },
    );
    expect(status.errors).toEqual(['status.conditions: Too many: 9: must have at most 8 items']);
    expect(status.object.spec).toEqual(stored.spec);
  });
});
