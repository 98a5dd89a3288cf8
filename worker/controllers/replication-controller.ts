import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { replicatingController } from './pod-replicas.ts';

/** The older form of ReplicaSets: its selector is a map of labels. Source: pkg/controller/replication. */
export const replicationController = replicatingController({
  name: 'replicationcontroller',
  resource: 'replicationcontrollers',
  component: 'replication-controller',
  countsTerminating: false,
  asReplicaSet(object: UntypedObject) {
    const spec = (object.spec ?? {}) as { selector?: Record<string, string> };
    return { ...object, spec: { ...spec, selector: { matchLabels: spec.selector ?? {} } } };
  },
});
