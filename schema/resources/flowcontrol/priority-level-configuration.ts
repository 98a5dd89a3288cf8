/** PriorityLevelConfiguration. Source: pkg/registry/flowcontrol/prioritylevelconfiguration, pkg/apis/flowcontrol/{v1,validation}. */
import type { IPriorityLevelConfiguration } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration';
import { semanticEqual } from '../../meta/deep-equal.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';
import { EXEMPT, MANDATORY_PRIORITY_LEVELS, type PriorityLevelSpec } from './bootstrap-objects.ts';
import { flowConditionErrors } from './conditions.ts';

export type PriorityLevelConfiguration = Typed<IPriorityLevelConfiguration>;
type Limited = NonNullable<PriorityLevelSpec['limited']>;
type Exempt = NonNullable<PriorityLevelSpec['exempt']>;
type LimitResponse = Partial<NonNullable<Limited['limitResponse']>>;
type Queuing = NonNullable<LimitResponse['queuing']>;

const TYPES = ['Exempt', 'Limited'];
const RESPONSE_TYPES = ['Queue', 'Reject'];
const QUEUES_MAX = 10_000_000;
/** Bits of a hash that may decide on a hand. Source: apiserver util/shufflesharding. */
const HASH_BITS_MAX = 60;
const QUEUING_DEFAULTS = { handSize: 8, queues: 64, queueLengthLimit: 50 } as const;
const SHARES_DEFAULT = 30;

const specOf = ({ spec }: PriorityLevelConfiguration): Partial<PriorityLevelSpec> => spec ?? {};

function setLimitedDefaults(limited: Limited): void {
  limited.nominalConcurrencyShares ??= SHARES_DEFAULT;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= QUEUING_DEFAULTS.handSize;
  queuing.queues ||= QUEUING_DEFAULTS.queues;
  queuing.queueLengthLimit ||= QUEUING_DEFAULTS.queueLengthLimit;
}

const sharesErrors = (shares: number | undefined, field: string): FieldError[] =>
  (shares ?? 0) < 0 ? [invalid(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')] : [];

const lendableErrors = (percent: number | undefined, field: string): FieldError[] =>
  percent !== undefined && (percent < 0 || percent > 100)
    ? [invalid(`${field}.lendablePercent`, percent, 'must be between 0 and 100, inclusive')]
    : [];

function queuingErrors({ queues = 0, handSize = 0, queueLengthLimit = 0 }: Queuing, field: string): FieldError[] {
  const positive = (name: string, value: number): FieldError[] =>
    value <= 0 ? [invalid(`${field}.${name}`, value, 'must be positive')] : [];
  const errors = [...positive('queueLengthLimit', queueLengthLimit), ...positive('queues', queues)];
  if (queues > QUEUES_MAX) errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${QUEUES_MAX}`));
  if (handSize <= 0) return [...errors, ...positive('handSize', handSize)];
  const at = `${field}.handSize`;
  if (handSize > queues) return [...errors, invalid(at, handSize, `should not be greater than queues (${queues})`)];
  if (Math.ceil(Math.log2(queues) * handSize) <= HASH_BITS_MAX) return errors;
  const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS_MAX}`;
  return [...errors, invalid(at, handSize, text)];
}

function responseErrors({ type = '', queuing }: LimitResponse, field: string): FieldError[] {
  if (type === '') return [required(`${field}.type`)];
  if (type === 'Reject') return queuing ? [forbiddenField(`${field}.queuing`, '')] : [];
  if (type !== 'Queue') return [notSupported(`${field}.type`, type, RESPONSE_TYPES)];
  return queuing ? queuingErrors(queuing, `${field}.queuing`) : [required(`${field}.queuing`)];
}

function limitedErrors(limited: Limited, field: string): FieldError[] {
  const borrowing = limited.borrowingLimitPercent;
  return [
    ...sharesErrors(limited.nominalConcurrencyShares, field),
    ...responseErrors(limited.limitResponse ?? {}, `${field}.limitResponse`),
    ...lendableErrors(limited.lendablePercent, field),
    ...(borrowing !== undefined && borrowing < 0
      ? [invalid(`${field}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

const exemptErrors = (exempt: Exempt, field: string): FieldError[] => [
  ...sharesErrors(exempt.nominalConcurrencyShares, field),
  ...lendableErrors(exempt.lendablePercent, field),
];

function unionErrors({ type = '', limited, exempt }: Partial<PriorityLevelSpec>): FieldError[] {
  switch (type) {
    case '':
      return [required('spec.type')];
    case 'Exempt':
      return [
        ...(limited ? [forbiddenField('spec.limited', '')] : []),
        ...(exempt ? exemptErrors(exempt, 'spec.exempt') : []),
      ];
    case 'Limited':
      return [
        ...(exempt ? [forbiddenField('spec.exempt', '')] : []),
        ...(limited ? limitedErrors(limited, 'spec.limited') : [required('spec.limited')]),
      ];
    default:
      return [notSupported('spec.type', type, TYPES)];
  }
}

const printedLimited = (limited: Limited): object => ({
  NominalConcurrencyShares: limited.nominalConcurrencyShares ?? 0,
  LimitResponse: {
    Type: limited.limitResponse?.type ?? '',
    Queuing: limited.limitResponse?.queuing
      ? {
          Queues: limited.limitResponse.queuing.queues,
          HandSize: limited.limitResponse.queuing.handSize,
          QueueLengthLimit: limited.limitResponse.queuing.queueLengthLimit,
        }
      : null,
  },
  LendablePercent: limited.lendablePercent ?? null,
  BorrowingLimitPercent: limited.borrowingLimitPercent ?? null,
});

/** As upstream's internal type prints. */
const printedSpec = ({ type = '', limited, exempt }: Partial<PriorityLevelSpec>): object => ({
  Type: type,
  Limited: limited ? printedLimited(limited) : null,
  Exempt: exempt
    ? {
        NominalConcurrencyShares: exempt.nominalConcurrencyShares ?? null,
        LendablePercent: exempt.lendablePercent ?? null,
      }
    : null,
});

/** Of the level `exempt`, what it says of exempt requests may be changed. */
function fixedErrors(name: string, spec: Partial<PriorityLevelSpec>): FieldError[] {
  const fixed = MANDATORY_PRIORITY_LEVELS.find((mandatory) => mandatory.name === name);
  if (!fixed) return [];
  const isExempt = name === EXEMPT;
  const compared = ({ exempt, ...rest }: Partial<PriorityLevelSpec>): object => (isExempt ? rest : { ...rest, exempt });
  if (semanticEqual(compared(spec), compared(fixed.spec))) return [];
  const which = isExempt ? `spec of '${name}' except the 'spec.exempt' field` : `spec of '${name}'`;
  return [invalid('spec', printedSpec(spec), `${which} must equal the fixed value`)];
}

function validate(level: PriorityLevelConfiguration): FieldError[] {
  const spec = specOf(level);
  const name = level.metadata.name ?? '';
  const type = spec.type ?? '';
  return [
    ...((name === EXEMPT) === (type === 'Exempt')
      ? []
      : [invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'")]),
    ...unionErrors(spec),
    ...fixedErrors(name, spec),
    ...flowConditionErrors(level),
  ];
}

export const priorityLevelConfiguration = defineResource<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  singular: 'prioritylevelconfiguration',
  scope: 'Cluster',
  schema: 'V1PriorityLevelConfiguration',
  validateName: nameIsDNSSubdomain,
  defaults(level) {
    const spec = (level.spec ??= { type: '' });
    if (spec.limited) setLimitedDefaults(spec.limited);
    if (spec.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    level.status ??= {};
  },
  prepareForCreate(level) {
    level.status = {};
  },
  validate,
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate: validate,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.metadata = { ...previous.metadata, managedFields: next.metadata.managedFields };
      next.spec = previous.spec;
    },
    validateUpdate: flowConditionErrors,
  },
  hasGeneration: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Type',
        'string',
        '`type` indicates whether this priority level is subject to limitation on request execution.  A value of `"Exempt"` means that requests of this priority level are not subject to a limit (and thus are never queued) and do not detract from the capacity made available to other priority levels.  A value of `"Limited"` means that (a) requests of this priority level _are_ subject to limits and (b) some of the server\'s limited capacity is made available exclusively to this priority level. Required.',
      ),
      column(
        'NominalConcurrencyShares',
        'string',
        '`nominalConcurrencyShares` (NCS) contributes to the computation of the NominalConcurrencyLimit (NominalCL) of this level. This is the number of execution seats available at this priority level. This is used both for requests dispatched from this priority level as well as requests dispatched from other priority levels borrowing seats from this level. The server\'s concurrency limit (ServerCL) is divided among the Limited priority levels in proportion to their NCS values:\n\nNominalCL(i)  = ceil( ServerCL * NCS(i) / sum_ncs ) sum_ncs = sum[priority level k] NCS(k)\n\nBigger numbers mean a larger nominal concurrency limit, at the expense of every other priority level.\n\nIf not specified, this field defaults to a value of 30.\n\nSetting this field to zero supports the construction of a "jail" for this priority level that is used to hold some request(s)',
      ),
      column(
        'Queues',
        'string',
        '`queues` is the number of queues for this priority level. The queues exist independently at each apiserver. The value must be positive.  Setting it to 1 effectively precludes shufflesharding and thus makes the distinguisher method of associated flow schemas irrelevant.  This field has a default value of 64.',
      ),
      column(
        'HandSize',
        'string',
        "`handSize` is a small positive number that configures the shuffle sharding of requests into queues.  When enqueuing a request at this priority level the request's flow identifier (a string pair) is hashed and the hash value is used to shuffle the list of queues and deal a hand of the size specified here.  The request is put into one of the shortest queues in that hand. `handSize` must be no larger than `queues`, and should be significantly smaller (so that a few heavy flows do not saturate most of the queues).  See the user-facing documentation for more extensive guidance on setting this field.  This field has a default value of 8.",
      ),
      column(
        'QueueLengthLimit',
        'string',
        '`queueLengthLimit` is the maximum number of requests allowed to be waiting in a given queue of this priority level at a time; excess requests are rejected.  This value must be positive.  If not specified, it will be defaulted to 50.',
      ),
      ageColumn,
    ],
    cells(level, now) {
      const { type = '', limited } = specOf(level);
      const queuing = limited?.limitResponse?.queuing;
      return [
        level.metadata.name ?? '',
        type,
        limited?.nominalConcurrencyShares ?? '<none>',
        queuing?.queues ?? '<none>',
        queuing?.handSize ?? '<none>',
        queuing?.queueLengthLimit ?? '<none>',
        age(level, now),
      ];
    },
  },
});
