/** The wire shapes of what the workload controllers read and write. */
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IDeploymentCondition } from 'kubernetes-models/apps/v1/DeploymentCondition';
import type { IDeploymentStatus } from 'kubernetes-models/apps/v1/DeploymentStatus';
import type { IReplicaSet } from 'kubernetes-models/apps/v1/ReplicaSet';
import type { IReplicaSetCondition } from 'kubernetes-models/apps/v1/ReplicaSetCondition';
import type { IReplicaSetStatus } from 'kubernetes-models/apps/v1/ReplicaSetStatus';
import type { Typed } from '../../schema/meta/object-meta.ts';

export type Deployment = Typed<IDeployment>;
export type DeploymentStatus = IDeploymentStatus;
export type DeploymentCondition = IDeploymentCondition;
export type ReplicaSet = Typed<IReplicaSet>;
export type ReplicaSetStatus = IReplicaSetStatus;
export type ReplicaSetCondition = IReplicaSetCondition;
