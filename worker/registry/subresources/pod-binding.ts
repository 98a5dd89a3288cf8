/** pods/binding: gives a pod its node. Source: pkg/registry/core/pod/storage BindingREST. */
import { type FieldError, invalid, invalidStatus, notSupported, required } from '../../../schema/meta/field-error.ts';
import { isDNS1123Subdomain } from '../../../schema/meta/name-rules.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import {
  badRequest,
  conflict,
  fail,
  failure,
  notFound,
  ok,
  type Result,
  type Status,
} from '../../../schema/meta/status.ts';
import type { CreateSubresource } from '../environment.ts';
import { unknownPath, writeContext } from '../target.ts';
import { admitBody, CREATED } from './create-admission.ts';
import { withPodCondition } from './pod-condition.ts';

interface Target {
  readonly kind?: string;
  readonly name?: string;
}

function targetErrors({ kind = '', name = '' }: Target): FieldError[] {
  const errors: FieldError[] = [];
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (name === '') errors.push(required('target.name'));
  else if (kind === '' || kind === 'Node') {
    for (const message of isDNS1123Subdomain(name)) errors.push(invalid('target.name', name, message));
  }
  return errors;
}

interface PodSpec {
  readonly nodeName?: string;
  readonly schedulingGates?: readonly unknown[];
}

const preconditionFailed = (name: string, text: string): Status =>
  failure({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on pods "${name}": ${text}`,
    details: { name, kind: 'pods' },
  });

function whyNot(pod: UntypedObject, binding: UntypedObject): Status | undefined {
  const { name = '', uid, resourceVersion, deletionTimestamp } = pod.metadata;
  const wanted = binding.metadata;
  if (wanted.uid && wanted.uid !== uid) {
    return preconditionFailed(
      name,
      `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`,
    );
  }
  if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion) {
    return preconditionFailed(
      name,
      `Precondition failed: ResourceVersion in precondition: ${wanted.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  }
  const { nodeName, schedulingGates } = pod['spec'] as PodSpec;
  if (deletionTimestamp)
    return conflict('pods/binding', name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (nodeName) return conflict('pods/binding', name, `pod ${name} is already assigned to node "${nodeName}"`);
  if (schedulingGates?.length) return conflict('pods/binding', name, `pod ${name} has non-empty .spec.schedulingGates`);
  return undefined;
}

/** The pod as it is once bound; shares what does not change. */
function bound(pod: UntypedObject, binding: UntypedObject, node: string, now: number): UntypedObject {
  const { nominatedNodeName: _cleared, ...status } = withPodCondition(
    pod,
    { type: 'PodScheduled', status: 'True' },
    now,
  );
  const { annotations, labels } = binding.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations ? { annotations: { ...pod.metadata.annotations, ...annotations } } : {}),
      ...(labels ? { labels: { ...pod.metadata.labels, ...labels } } : {}),
    },
    spec: { ...(pod['spec'] as PodSpec), nodeName: node },
    status,
  };
}

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
    const target = (body['target'] ?? {}) as Target;
    const errors = targetErrors(target);
    // Upstream's plain error would come out as a 500 here.
    if (errors.length > 0) return fail(invalidStatus('', 'Binding', request.name, errors));
    const refused = admitBody(context, request.name, body);
    if (refused) return fail(refused);
    const pod = tx.get('pods', request.name);
    if (pod === undefined) return fail(notFound('pods', request.name));
    const obstacle = whyNot(pod, body);
    if (obstacle) return fail(obstacle);
    if (!request.dryRun) tx.put('pods', bound(pod, body, target.name ?? '', env.now));
    return ok(CREATED);
  },
};
