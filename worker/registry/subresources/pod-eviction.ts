/**
 * pods/eviction: deletes a pod and says why in its conditions. Source: pkg/registry/core/pod/storage
 * EvictionREST.
 */
import type { KubeObject, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';
import type { DeleteOptions, WriteRequest } from '../../../schema/protocol/shard.ts';
import { withPodCondition } from '../../../schema/resources/core/pod-conditions.ts';
import type { Pod, PodStatus } from '../../../schema/resources/core/pod-types.ts';
import { BUDGETS } from '../../../schema/resources/policy/disruption.ts';
import { deleteObject, planDelete } from '../delete.ts';
import type { CreateSubresource, RegistryEnvironment } from '../environment.ts';
import { trackWrite } from '../managed-fields.ts';
import { unknownPath, writeContext } from '../target.ts';
import type { StoreTransaction } from '../transaction.ts';
import { admitBody, CREATED } from './create-admission.ts';
import { checkBudgets } from './disruption-check.ts';

const DISRUPTED = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
} as const;

export const podEviction: CreateSubresource = {
  resource: 'pods',
  subresource: 'eviction',
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  schema: 'V1Eviction',
  create(request, body, tx, env): Result<KubeObject> {
    const { name } = request;
    if (body.metadata.name !== name) return fail(badRequest('name in URL does not match name in Eviction object'));
    const options = (body['deleteOptions'] ?? {}) as DeleteOptions;
    const dryRun = request.dryRun || (options.dryRun?.length ?? 0) > 0;
    const onSubresource = writeContext({ ...request, dryRun }, tx, env);
    const onPod = writeContext({ ...request, dryRun, subresource: undefined }, tx, env);
    if (onSubresource === undefined || onPod === undefined) return fail(unknownPath());
    const refused = admitBody(onSubresource, name, body);
    if (refused) return fail(refused);
    const plan = planDelete(onPod, name, options);
    if (!plan.ok) return plan;
    const pod = plan.value.existing;
    const verdict = checkBudgets(pod as KubeObject as Pod, tx, env.now);
    if (verdict.kind === 'refused') return fail(verdict.status);
    if (verdict.kind === 'unsupported') return ok(verdict.answer as KubeObject);
    if (dryRun) return ok(CREATED);
    if (verdict.kind === 'charged') putBudget(request, verdict.budget, tx, env);
    const status = withPodCondition(pod['status'] as PodStatus | undefined, DISRUPTED, env.now);
    tx.put('pods', { ...pod, metadata: { ...pod.metadata }, status });
    // The preconditions have been checked, and the resourceVersion is another one by now.
    const { preconditions: _checked, ...rest } = options;
    const deleted = deleteObject(onPod, name, rest);
    return deleted.ok ? ok(CREATED) : deleted;
  },
};

/** The server itself writes the status of budgets. */
function putBudget(
  { namespace, user }: WriteRequest,
  budget: UntypedObject,
  tx: StoreTransaction,
  env: RegistryEnvironment,
): void {
  const target = { verb: 'update', resource: BUDGETS, apiVersion: 'policy/v1', namespace, subresource: 'status' };
  const context = writeContext({ ...target, user, dryRun: false, fieldManager: 'kube-apiserver' }, tx, env);
  if (context) trackWrite(context, tx.get(BUDGETS, budget.metadata.name ?? ''), budget);
  tx.put(BUDGETS, budget);
}
