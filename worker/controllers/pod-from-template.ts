import { cloneJson } from '../../schema/meta/json-value.ts';
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { PodTemplateSpec } from '../../schema/resources/core/pod-types.ts';
import { controllerReference } from './ownership.ts';

/** Pod names are DNS subdomains of at most so many characters; longer prefixes get no dash. */
const GENERATE_NAME_CHARS_MAX = 253;

/** A pod to create for `owner`. Source: pkg/controller controller_utils.go GetPodFromTemplate. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject): UntypedObject {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: prefix.length > GENERATE_NAME_CHARS_MAX ? owner.metadata.name : prefix,
      namespace: owner.metadata.namespace,
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers?.length ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: cloneJson(template.spec ?? {}),
  };
}
