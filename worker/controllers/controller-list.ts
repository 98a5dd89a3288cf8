import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Controller } from './controller.ts';
import type { WorkItem } from './runtime/controller-run.ts';

/** What the controllers of a shard depend on beyond its store. */
export interface ControllerSettings {
  /** PEM of the CA that clients in pods trust the API by; goes into kube-root-ca.crt. */
  readonly clusterCa: string;
}

/** The controllers of a namespace's shard. Build once per shard and keep: routing is cached by the list. */
export function namespacedControllers(_settings: ControllerSettings): readonly Controller[] {
  return [];
}

/**
 * What to run once when a namespace's shard learns that its namespace exists (activation) or that it is
 * terminating (each round of `drain`): the default ServiceAccount, the root CA, or the removal of all content.
 */
export function namespaceWork(_namespace: string): readonly WorkItem[] {
  return [];
}

/** The dependents in this shard of an owner elsewhere (cluster-scoped) that is gone. */
export function dependentsWork(
  _dependents: readonly { readonly resource: string; readonly object: UntypedObject }[],
): readonly WorkItem[] {
  return [];
}
