/** Strategic-merge rules by type and field, as OpenAPI's patch extensions tell them to clients. */
import { patchStrategyOf } from '../../../schema/decode/patch-strategies.ts';

/** What a field's list is merged by in a strategic merge patch: kubectl reads it from these extensions. */
export interface MergeRule {
  readonly mergeKey?: string;
  readonly strategy?: string;
}

/** Fields of which a patch should name the keys to keep. Source: the patchStrategy tags of k8s.io/api. */
const RETAINING: Readonly<Record<string, string>> = {
  'V1PodSpec.volumes': 'merge,retainKeys',
  'V1PodSpec.resourceClaims': 'merge,retainKeys',
  'V1PodStatus.resourceClaimStatuses': 'merge,retainKeys',
  'V1DeploymentSpec.strategy': 'retainKeys',
};

export function mergeRule(type: string, field: string): MergeRule | undefined {
  const rule = patchStrategyOf(type, field);
  const strategy = RETAINING[`${type}.${field}`] ?? rule?.strategy;
  if (!strategy) return undefined;
  return { strategy, ...(rule?.mergeKey ? { mergeKey: rule.mergeKey } : {}) };
}
