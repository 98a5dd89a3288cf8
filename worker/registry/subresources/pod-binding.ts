/** pods/binding: gives a pod its node. Source: pkg/registry/core/pod/storage BindingREST. */
import { invalidStatus } from '../../../schema/meta/field-error.ts';
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { badRequest, fail, notFound, ok, type Result } from '../../../schema/meta/status.ts';
import { assignPod, type Binding, validateBinding } from '../../../schema/resources/core/pod-binding.ts';
import type { CreateSubresource } from '../environment.ts';
import { unknownPath, writeContext } from '../target.ts';
import { admitBody, CREATED } from './create-admission.ts';

export const podBinding: CreateSubresource = {
  resource: 'pods',
  subresource: 'binding',
  apiVersion: 'v1',
  kind: 'Binding',
  schema: 'V1Binding',
  create(request, body, tx, env): Result<typeof CREATED> {
    const context = writeContext(request, tx, env);
    if (context === undefined) return fail(unknownPath());
    if (body.metadata.name !== request.name)
      return fail(badRequest('name in URL does not match name in Binding object'));
    const binding = body as KubeObject as Binding;
    const errors = validateBinding(binding);
    // Upstream's plain error would come out as a 500 here.
    if (errors.length > 0) return fail(invalidStatus('', 'Binding', request.name, errors));
    const refused = admitBody(context, request.name, body);
    if (refused) return fail(refused);
    const pod = tx.get('pods', request.name);
    if (pod === undefined) return fail(notFound('pods', request.name));
    const bound = assignPod(pod, binding, env.now);
    if (!bound.ok) return bound;
    if (!request.dryRun) tx.put('pods', bound.value as KubeObject as UntypedObject);
    return ok(CREATED);
  },
};
