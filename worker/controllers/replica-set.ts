import { replicatingController } from './pod-replicas.ts';

/** Source: pkg/controller/replicaset. */
export const replicaSetController = replicatingController({
  name: 'replicaset',
  resource: 'replicasets.apps',
  component: 'replicaset-controller',
  countsTerminating: true,
  asReplicaSet: (object) => object,
});
