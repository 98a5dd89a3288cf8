/** autoscaling/v1 Scale, the form of every kind's `scale` subresource. */
import type { KubeObject, UntypedObject } from './object-meta.ts';
import type { ScaleSubresource } from './resource.ts';

export interface Scale extends KubeObject {
  apiVersion: 'autoscaling/v1';
  kind: 'Scale';
  spec?: { replicas?: number };
  status: { replicas: number; selector?: string };
}

/** The Scale of an object. */
export function scaleOf(scale: ScaleSubresource<UntypedObject>, object: UntypedObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale.selector(object);
  const replicas = scale.replicas(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: { replicas: scale.statusReplicas(object), ...(selector ? { selector } : {}) },
  };
}
