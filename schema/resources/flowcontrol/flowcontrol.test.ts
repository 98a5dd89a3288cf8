import { describe, expect, it } from 'vitest';
import { created, rowOf, updated } from '../kind-fixture.ts';
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from './bootstrap-objects.ts';
import { flowSchema } from './flow-schema.ts';
import { nonResourcePathFault } from './flow-schema-rules.ts';
import { priorityLevelConfiguration } from './priority-level-configuration.ts';

const user = { kind: 'User', user: { name: 'jane' } };
const everyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const rule = { subjects: [user], nonResourceRules: [everyPath] };
const schemaOf = (fields: object) => ({
  spec: { priorityLevelConfiguration: { name: 'workload-low' }, rules: [rule], ...fields },
});

describe('a FlowSchema', () => {
  it('is given a precedence and shows what it means', () => {
    const { object, errors } = created(flowSchema, schemaOf({ distinguisherMethod: { type: 'ByUser' } }));
    expect(errors).toEqual([]);
    expect(object.spec?.matchingPrecedence).toBe(1000);
    expect(object.status).toEqual({});
    expect(rowOf(flowSchema, object)).toEqual(['x', 'workload-low', 1000, 'ByUser', '60m', '?']);
    object.status = { conditions: [{ type: 'Dangling', status: 'False' }] };
    expect(rowOf(flowSchema, object).at(-1)).toBe('False');
  });

  it.each<[string, object, readonly string[]]>([
    [
      'no level',
      { priorityLevelConfiguration: {} },
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      'a negative precedence',
      { matchingPrecedence: -1 },
      ['spec.matchingPrecedence: Invalid value: -1: must be a positive value'],
    ],
    [
      'a precedence too large',
      { matchingPrecedence: 10_001 },
      ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
    ],
    [
      'the first precedence',
      { matchingPrecedence: 1 },
      ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
    ],
    [
      'an unknown distinguisher',
      { distinguisherMethod: { type: 'ByHost' } },
      [
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByHost"}: supported values: "ByNamespace", "ByUser"',
      ],
    ],
    [
      'a rule about nothing',
      { rules: [{ subjects: [user] }] },
      ['spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty'],
    ],
    [
      'a rule about nobody',
      { rules: [{ nonResourceRules: [everyPath] }] },
      ['spec.rules[0].subjects: Required value: subjects must contain at least one value'],
    ],
    [
      'an unknown kind of subject',
      { rules: [{ ...rule, subjects: [{ kind: 'Robot' }] }] },
      [
        'spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      ],
    ],
    [
      'a subject without what its kind needs',
      { rules: [{ ...rule, subjects: [{ kind: 'Group', user: { name: 'a' } }] }] },
      [
        "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
        "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      ],
    ],
    [
      'a service account nowhere',
      { rules: [{ ...rule, subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: '*' } }] }] },
      [
        'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
      ],
    ],
    [
      'all verbs and more',
      { rules: [{ ...rule, nonResourceRules: [{ ...everyPath, verbs: ['*', 'get'] }] }] },
      [
        'spec.rules[0].nonResourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
      ],
    ],
    [
      'an unknown verb',
      { rules: [{ ...rule, nonResourceRules: [{ ...everyPath, verbs: ['post'] }] }] },
      [
        'spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["post"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      ],
    ],
    [
      'a resource rule without namespaces',
      { rules: [{ subjects: [user], resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['*', 'pods'] }] }] },
      [
        'spec.rules[0].resourceRules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources',
        'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
      ],
    ],
    [
      'an empty resource rule',
      { rules: [{ subjects: [user], resourceRules: [{ clusterScope: true }] }] },
      [
        'spec.rules[0].resourceRules[0].verbs: Required value: verbs must contain at least one value',
        'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
  ])('with %s is refused', (_name, fields, errors) => {
    expect(created(flowSchema, schemaOf(fields)).errors).toEqual(errors);
  });

  it.each([
    ['', 'must not be empty'],
    ['/', undefined],
    ['healthz', 'must start with slash'],
    ['/a b', 'must not contain white-space'],
    ['/a//b', 'must not contain double slash'],
    ['/apis/*', undefined],
    ['/apis*', 'wildcard can only do suffix matching'],
    ['/*/*', 'wildcard can only do suffix matching'],
  ])('takes the path %j or says: %s', (path, fault) => {
    expect(nonResourcePathFault(path)).toBe(fault);
  });

  it('keeps its status from those who write it, and its spec from those who write the status', () => {
    const { object } = created(flowSchema, schemaOf({}));
    const status = { conditions: [{ type: 'Dangling', status: 'True' }, { type: 'Dangling' }, {}] };
    const byOwner = updated(flowSchema, object, (next) => {
      next.status = status;
    });
    expect(byOwner.object.status).toEqual({});
    const byController = updated(
      flowSchema,
      object,
      (next) => {
        next.status = status;
        next.spec = undefined;
        next.metadata.labels = { a: 'b' };
      },
      { subresource: 'status' },
    );
    expect(byController.object).toMatchObject({ spec: object.spec, status });
    expect(byController.object.metadata.labels).toBeUndefined();
    expect(byController.errors).toEqual([
      'status.conditions[1].type: Duplicate value: "Dangling"',
      'status.conditions[2].type: Required value: must not be empty',
    ]);
  });
});

describe('a PriorityLevelConfiguration', () => {
  const limited = { limitResponse: { type: 'Queue', queuing: {} } };

  it('is given its numbers', () => {
    const { object, errors } = created(priorityLevelConfiguration, { spec: { type: 'Limited', limited } });
    expect(errors).toEqual([]);
    expect(object.spec?.limited).toEqual({
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
    });
    expect(rowOf(priorityLevelConfiguration, object)).toEqual(['x', 'Limited', 30, 64, 8, 50, '60m']);
  });

  it.each<[string, object, readonly string[]]>([
    ['no type', {}, ['spec.type: Required value']],
    [
      'an unknown type',
      { type: 'Free' },
      ['spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"'],
    ],
    ['no limit', { type: 'Limited' }, ['spec.limited: Required value']],
    ['what exempt levels have', { type: 'Limited', limited, exempt: {} }, ['spec.exempt: Forbidden']],
    [
      'the exempt type',
      { type: 'Exempt' },
      [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
    ],
    ['no answer', { type: 'Limited', limited: {} }, ['spec.limited.limitResponse.type: Required value']],
    [
      'queues it does not use',
      { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: {} } } },
      ['spec.limited.limitResponse.queuing: Forbidden'],
    ],
    [
      'no queues',
      { type: 'Limited', limited: { limitResponse: { type: 'Queue' } } },
      ['spec.limited.limitResponse.queuing: Required value'],
    ],
    [
      'shares out of range',
      {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: -1,
          lendablePercent: 101,
          borrowingLimitPercent: -1,
          limitResponse: { type: 'Reject' },
        },
      },
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      'a hand larger than the deck',
      {
        type: 'Limited',
        limited: { limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 5, queueLengthLimit: -1 } } },
      },
      [
        'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)',
      ],
    ],
    [
      'too much to shuffle',
      { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 512, handSize: 8 } } } },
      [
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
      ],
    ],
  ])('with %s is refused', (_name, spec, errors) => {
    expect(created(priorityLevelConfiguration, { spec }).errors).toEqual(errors);
  });

  it('may have no shares at all, which jails its requests', () => {
    const jail = { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } };
    expect(created(priorityLevelConfiguration, { spec: jail })).toMatchObject({ errors: [], object: { spec: jail } });
  });
});

describe('the objects every cluster has', () => {
  it.each([...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS])('FlowSchema $name is complete', ({ name, spec }) => {
    const { object, errors } = created(flowSchema, { metadata: { name }, spec });
    expect(errors).toEqual([]);
    expect(object.spec).toEqual(spec);
  });

  it.each([...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS])('level $name is complete', ({ name, spec }) => {
    const { object, errors } = created(priorityLevelConfiguration, { metadata: { name }, spec });
    expect(errors).toEqual([]);
    expect(object.spec).toEqual(spec);
  });

  it('lead from each schema to a level', () => {
    const levels = [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS].map(({ name }) => name);
    for (const { spec } of [...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS]) {
      expect(levels).toContain(spec.priorityLevelConfiguration.name);
    }
  });

  it('stay as they are where they are mandatory', () => {
    const [exempt, catchAll] = MANDATORY_FLOW_SCHEMAS;
    const changed = created(flowSchema, { metadata: { name: 'catch-all' }, spec: { ...catchAll?.spec, rules: [] } });
    expect(changed.errors).toEqual([
      `spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"catch-all"},"MatchingPrecedence":10000,"DistinguisherMethod":{"Type":"ByUser"},"Rules":[]}: spec of 'catch-all' must equal the fixed value`,
    ]);
    expect(created(flowSchema, { metadata: { name: 'exempt' }, spec: exempt?.spec }).errors).toEqual([]);
    const level = { type: 'Exempt', exempt: { nominalConcurrencyShares: 7, lendablePercent: 5 } };
    expect(created(priorityLevelConfiguration, { metadata: { name: 'exempt' }, spec: level }).errors).toEqual([]);
    const limited = { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } };
    expect(created(priorityLevelConfiguration, { metadata: { name: 'exempt' }, spec: limited }).errors).toEqual([
      `spec.type: Invalid value: "Limited": type must be 'Exempt' if and only if name is 'exempt'`,
      `spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of 'exempt' except the 'spec.exempt' field must equal the fixed value`,
    ]);
  });
});
