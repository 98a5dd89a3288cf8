/** How an object of a kind counts against quotas. Source: apiserver pkg/quota/v1 Evaluator and its generic ones. */
import type { GroupResource, UntypedObject } from '../../meta/object-meta.ts';
import { newQuantity } from '../../meta/quantity.ts';
import type { Resources } from '../core/pod-resource-list.ts';
import type { ResourceQuota } from '../core/resource-quota.ts';

type Spec = NonNullable<ResourceQuota['spec']>;

/** A scope as its selector tells it; one of `spec.scopes` is a selector of what exists. */
export type ScopeRequirement = NonNullable<NonNullable<Spec['scopeSelector']>['matchExpressions']>[number];

/** What the use of an object may depend on beside itself. */
export interface QuotaSurroundings {
  get(resource: GroupResource, name: string): UntypedObject | undefined;
  ownedBy(uid: string, resource: GroupResource): readonly { readonly object: UntypedObject }[];
  /** A cluster-scoped object. */
  config(resource: GroupResource, name: string): UntypedObject | undefined;
}

export interface QuotaEvaluator {
  readonly resource: GroupResource;
  /** Whether objects of this kind use the resource of a quota that has this name. */
  measures(name: string): boolean;
  /** What the object uses. `now` in ms since the epoch. */
  usage(object: UntypedObject, now: number, around: QuotaSurroundings): Resources;
  /** Whether `usage` depends on what is around. */
  readonly looksAround?: boolean;
  isInScope(requirement: ScopeRequirement, object: UntypedObject): boolean;
  /** What the object must say and does not, where the quota limits these; undefined when nothing. */
  missing?(names: readonly string[], object: UntypedObject): string | undefined;
  /** When what the object uses changes although it does not, in ms since the epoch. */
  changesAt?(object: UntypedObject, now: number): number | undefined;
}

export const ONE = newQuantity(1, 'DecimalSI');

/** `count/deployments.apps`. */
export const countName = (resource: GroupResource): string => `count/${resource}`;

/** The names quotas had for counts before there was `count/`. */
const ALIASED: ReadonlySet<GroupResource> = new Set([
  'configmaps',
  'resourcequotas',
  'replicationcontrollers',
  'secrets',
]);

/** Counts objects; no scope holds for them. */
export function objectCount(resource: GroupResource): QuotaEvaluator {
  const names = ALIASED.has(resource) ? [countName(resource), resource] : [countName(resource)];
  const usage: Resources = new Map(names.map((name) => [name, ONE]));
  return { resource, measures: (name) => names.includes(name), usage: () => usage, isInScope: () => false };
}

/** Whether a scope requirement holds for an object of which `values` says what it has, if anything. */
export function requirementHolds({ operator, values = [] }: ScopeRequirement, own: readonly string[]): boolean {
  switch (operator) {
    case 'Exists':
      return own.length > 0;
    case 'DoesNotExist':
      return own.length === 0;
    case 'In':
      return own.some((value) => values.includes(value));
    case 'NotIn':
      return own.length === 0 || own.some((value) => !values.includes(value));
    default:
      return false;
  }
}

/** All of a quota's scopes as requirements. */
export const scopesOf = ({ spec }: ResourceQuota): readonly ScopeRequirement[] => [
  ...(spec?.scopes ?? []).map((scopeName): ScopeRequirement => ({ scopeName, operator: 'Exists' })),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
];
