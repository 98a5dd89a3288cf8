/**
 * Writes of Namespaces: whoever asks for a stricter pod security level is told which pods are there that
 * do not keep to it. Pods lie in another shard than their Namespace, so they are looked at here and not
 * by the admission plugin. Source: k8s.io/pod-security-admission ValidateNamespace.
 */
import { pushAll } from '../../../schema/meta/push-all.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Answer, WriteRequest } from '../../../schema/protocol/shard.ts';
import { systemUser } from '../../../schema/protocol/user-info.ts';
import type { Pod } from '../../../schema/resources/core/pod-types.ts';
import { CHECK_MS_MAX, existingPodWarnings } from '../../admission/pod-security/existing-pods.ts';
import { equalLevels, isStricter, type LevelVersion, policyOf } from '../../admission/pod-security/level.ts';
import type { ApiRequest } from '../api-request.ts';
import { shardOf } from '../stores.ts';

type Change = Extract<WriteRequest, { verb: 'update' | 'patch' }>;

const PAGE_PODS = 500;

/** The level that pods are newly held to; undefined when none of them can come to violate it by that. */
export function newlyEnforced(before: UntypedObject, after: UntypedObject): LevelVersion | undefined {
  const { enforce } = policyOf(after.metadata.labels).policy;
  const { enforce: old } = policyOf(before.metadata.labels).policy;
  if (equalLevels(enforce, old) || enforce.level === 'privileged') return undefined;
  if (enforce.version === old.version && !isStricter(enforce.level, old.level)) return undefined;
  return enforce;
}

interface PodPage {
  readonly items: readonly Pod[];
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number };
}

/** All pods of the namespace, or as many as can be read in time. */
async function podsOf(
  api: ApiRequest,
  namespace: string,
  isLate: () => boolean,
): Promise<{ pods: Pod[]; total: number }> {
  const pods: Pod[] = [];
  for (let token = ''; ; ) {
    const answer = await shardOf(api.env, namespace).read({
      resource: 'pods',
      apiVersion: 'v1',
      namespace,
      user: systemUser('pod-security'),
      verb: 'list',
      labelSelector: '',
      fieldSelector: '',
      limit: PAGE_PODS,
      continue: token,
      resourceVersion: '',
      resourceVersionMatch: '',
    });
    if (answer.code !== 200) throw new Error(answer.body);
    const { items, metadata } = JSON.parse(answer.body) as PodPage;
    pushAll(pods, items);
    token = metadata.continue ?? '';
    if (token === '' || isLate()) return { pods, total: pods.length + (metadata.remainingItemCount ?? 0) };
  }
}

async function warningsOf(api: ApiRequest, namespace: string, enforce: LevelVersion): Promise<readonly string[]> {
  const until = api.runtime.now() + CHECK_MS_MAX;
  const isLate = () => api.runtime.now() >= until;
  try {
    return existingPodWarnings({ namespace, enforce, isLate, ...(await podsOf(api, namespace, isLate)) });
  } catch {
    return ['failed to list pods while checking new PodSecurity enforce level'];
  }
}

/** Sends the write to the cluster's shard; its answer carries the warnings. */
export async function writeNamespace(api: ApiRequest, request: Change): Promise<Answer> {
  const shard = shardOf(api.env, '');
  const { resource, apiVersion, namespace, user, name } = request;
  const before = await shard.read({ resource, apiVersion, namespace, user, name, verb: 'get', resourceVersion: '' });
  const answer = await shard.write(request);
  if (before.code !== 200 || answer.code !== 200) return answer;
  const enforce = newlyEnforced(JSON.parse(before.body) as UntypedObject, JSON.parse(answer.body) as UntypedObject);
  if (!enforce) return answer;
  const warnings = [...(answer.warnings ?? []), ...(await warningsOf(api, name, enforce))];
  return warnings.length > 0 ? { ...answer, warnings } : answer;
}
