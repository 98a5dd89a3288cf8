/** The wire shapes of what the workload controllers read and write. */
import type { Deployment } from '../../schema/resources/apps/deployment.ts';
import type { ReplicaSet } from '../../schema/resources/apps/replica-set.ts';

export type { Deployment, ReplicaSet };
export type DeploymentStatus = NonNullable<Deployment['status']>;
export type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];
export type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;
export type ReplicaSetCondition = NonNullable<ReplicaSetStatus['conditions']>[number];
