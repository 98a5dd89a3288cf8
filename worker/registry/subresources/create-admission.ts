import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import type { Status } from '../../../schema/meta/status.ts';
import { admissionAttributes, type WriteContext } from '../target.ts';

/** Both admission phases for a body created on a subresource. */
export function admitBody(context: WriteContext, name: string, object: KubeObject): Status | undefined {
  const attributes = admissionAttributes(context, { operation: 'CREATE', name, object });
  const { admission } = context.env;
  return admission.admit(attributes, context.tx) ?? admission.validate(attributes, context.tx);
}

/** What such a create answers. Source: metav1.Status of a success. */
export const CREATED: KubeObject = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
} as KubeObject & { status: string; code: number };
