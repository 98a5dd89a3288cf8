import type { KubeObject } from '../../schema/meta/object-meta.ts';
import { replicatingController } from './pod-replicas.ts';
import type { ReplicaSet } from './workload-types.ts';

/** Source: pkg/controller/replicaset. */
export const replicaSetController = replicatingController({
  name: 'replicaset',
  resource: 'replicasets.apps',
  component: 'replicaset-controller',
  countsTerminating: true,
  asReplicaSet: (object) => object as KubeObject as ReplicaSet,
});
