/**
 * The FlowSchemas and PriorityLevelConfigurations every cluster has. The mandatory ones' specs may not be
 * changed; the suggested ones are kept as they are here while their annotation says so.
 * Source: apiserver pkg/apis/flowcontrol/bootstrap (v1.37).
 */
import type { IFlowSchema } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema';
import type { IPriorityLevelConfiguration } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration';

export type FlowSchemaSpec = NonNullable<IFlowSchema['spec']>;
export type PriorityLevelSpec = NonNullable<IPriorityLevelConfiguration['spec']>;
type Rule = NonNullable<FlowSchemaSpec['rules']>[number];
type Subject = Rule['subjects'][number];

export interface Named<T> {
  readonly name: string;
  readonly spec: T;
}

/** An object with it and the value `true` is brought back to what is suggested. */
export const AUTO_UPDATE_ANNOTATION = 'apf.kubernetes.io/autoupdate-spec';

export const EXEMPT = 'exempt';
const CATCH_ALL = 'catch-all';
const ALL = ['*'];

const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const systemServiceAccounts: readonly Subject[] = [
  { kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } },
];

const EVERYONE = groups('system:unauthenticated', 'system:authenticated');
const NODES = groups('system:nodes');

type ResourceRule = NonNullable<Rule['resourceRules']>[number];

const resourceRule = (
  verbs: string[],
  apiGroups: string[],
  resources: string[],
  clusterScope: boolean,
): ResourceRule => ({
  verbs,
  apiGroups,
  resources,
  ...(clusterScope ? { clusterScope } : {}),
  namespaces: ALL,
});

const everything = (subjects: readonly Subject[]): Rule => ({
  subjects: [...subjects],
  resourceRules: [resourceRule(ALL, ALL, ALL, true)],
  nonResourceRules: [{ verbs: ALL, nonResourceURLs: ALL }],
});

function flowSchema(
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  rule: Rule,
): Named<FlowSchemaSpec> {
  const spec = {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
    rules: [rule],
  };
  return { name, spec };
}

const queued = (
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  [queues, handSize]: readonly [number, number],
): Named<PriorityLevelSpec> => ({
  name,
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
      lendablePercent,
    },
  },
});

export const MANDATORY_PRIORITY_LEVELS: readonly Named<PriorityLevelSpec>[] = [
  {
    name: CATCH_ALL,
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
    },
  },
  { name: EXEMPT, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
];

export const MANDATORY_FLOW_SCHEMAS: readonly Named<FlowSchemaSpec>[] = [
  flowSchema(EXEMPT, EXEMPT, 1, undefined, everything(groups('system:masters'))),
  flowSchema(CATCH_ALL, CATCH_ALL, 10_000, 'ByUser', everything(EVERYONE)),
];

export const SUGGESTED_PRIORITY_LEVELS: readonly Named<PriorityLevelSpec>[] = [
  queued('system', 30, 33, [64, 6]),
  queued('node-high', 40, 25, [64, 6]),
  queued('leader-election', 10, 0, [16, 4]),
  queued('workload-high', 40, 50, [128, 6]),
  queued('workload-low', 100, 90, [128, 6]),
  queued('global-default', 20, 50, [128, 6]),
];

const LEASES = ['leases'];
const COORDINATION = ['coordination.k8s.io'];

export const SUGGESTED_FLOW_SCHEMAS: readonly Named<FlowSchemaSpec>[] = [
  flowSchema('system-nodes', 'system', 500, 'ByUser', everything(NODES)),
  flowSchema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: NODES,
    resourceRules: [
      resourceRule(ALL, [''], ['nodes', 'nodes/status'], true),
      resourceRule(ALL, COORDINATION, LEASES, false),
    ],
  }),
  flowSchema('probes', EXEMPT, 2, undefined, {
    subjects: EVERYONE,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  flowSchema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemServiceAccounts],
    resourceRules: [resourceRule(['get', 'create', 'update'], COORDINATION, LEASES, false)],
  }),
  flowSchema(
    'kube-controller-manager',
    'workload-high',
    800,
    'ByNamespace',
    everything(users('system:kube-controller-manager')),
  ),
  flowSchema('kube-scheduler', 'workload-high', 800, 'ByNamespace', everything(users('system:kube-scheduler'))),
  flowSchema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', everything(systemServiceAccounts)),
  flowSchema('service-accounts', 'workload-low', 9000, 'ByUser', everything(groups('system:serviceaccounts'))),
  flowSchema('global-default', 'global-default', 9900, 'ByUser', everything(EVERYONE)),
];
