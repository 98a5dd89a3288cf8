/** Who may do what: the authorizers in the order they are asked. The first that has an opinion decides. */
import { isAnonymous } from '../authn/anonymous.ts';
import { type ObjectReader, REFUSAL_FRESHNESS_MS_MAX } from '../authn/fresh-objects.ts';
import { type AuthorizationAttributes, type AuthorizerOpinion, allow, NO_OPINION } from './attributes.ts';
import { type NodeReaches, nodeOpinion } from './node.ts';
import { rbacOpinion, readRbacView } from './rbac.ts';

export interface AuthorizationDeps {
  readonly objects: ObjectReader;
  /** Asked of the hub, which knows the pods of every node. */
  readonly nodeReaches: NodeReaches;
}

type Authorizer = (attributes: AuthorizationAttributes, deps: AuthorizationDeps) => Promise<AuthorizerOpinion>;

const privilegedGroup: Authorizer = async ({ user }) => (user.groups.includes('system:masters') ? allow() : NO_OPINION);

const SLICES = 'resourceslices.resource.k8s.io';

async function ownsSlice(objects: ObjectReader, node: string, name: string): Promise<boolean> {
  const slice = await objects.get(SLICES, '', name, REFUSAL_FRESHNESS_MS_MAX);
  return (slice?.['spec'] as { readonly nodeName?: string } | undefined)?.nodeName === node;
}

const node: Authorizer = (attributes, { nodeReaches, objects }) =>
  nodeOpinion(attributes, (of, object) =>
    object.resource === 'resourceslices' ? ownsSlice(objects, of, object.name) : nodeReaches(of, object),
  );

/**
 * What was granted a moment ago counts at once: nothing is refused on what may be out of date. Except to
 * those of whom nothing is known, who else could have the shards read with every request.
 */
const rbac: Authorizer = async (attributes, { objects }) => {
  const opinion = rbacOpinion(attributes, await readRbacView(objects, attributes.namespace));
  if (opinion.decision === 'allow' || isAnonymous(attributes.user)) return opinion;
  return rbacOpinion(attributes, await readRbacView(objects, attributes.namespace, REFUSAL_FRESHNESS_MS_MAX));
};

const AUTHORIZERS: readonly Authorizer[] = [privilegedGroup, node, rbac];

/**
 * `reason` says why not (to be shown by `forbiddenStatus`), or by which grant. Rejects when a shard
 * that must be asked does not answer.
 */
export async function authorize(
  attributes: AuthorizationAttributes,
  deps: AuthorizationDeps,
): Promise<{ readonly allowed: boolean; readonly denied: boolean; readonly reason: string }> {
  const reasons: string[] = [];
  for (const authorizer of AUTHORIZERS) {
    const { decision, reason } = await authorizer(attributes, deps);
    if (decision === 'allow') return { allowed: true, denied: false, reason };
    if (reason !== '') reasons.push(reason);
    if (decision === 'deny') return { allowed: false, denied: true, reason: reasons.join('\n') };
  }
  return { allowed: false, denied: false, reason: reasons.join('\n') };
}
