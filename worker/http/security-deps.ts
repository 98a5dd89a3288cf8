/** Joins authentication and authorization to the deployment's bindings. One set per isolate: it holds the caches. */
import type { ReadRequest } from '../../schema/protocol/shard.ts';
import type { AuthenticationDeps } from '../authn/authenticator.ts';
import { freshObjects } from '../authn/fresh-objects.ts';
import type { AuthorizationDeps } from '../authz/chain.ts';
import { type Env, shardName } from '../env.ts';
import type { HttpRuntime } from './http-runtime.ts';
import { authenticationSettings } from './authentication-settings.ts';

export type SecurityDeps = AuthenticationDeps & AuthorizationDeps;

const known = new WeakMap<Env, SecurityDeps>();

/** What `authenticate` and `authorize` need. Throws when the deployment's configuration is wrong. */
export function securityDeps(env: Env, runtime: HttpRuntime): SecurityDeps {
  const earlier = known.get(env);
  if (earlier !== undefined) return earlier;
  // Stubs belong to the request that made them, so each read makes its own.
  const read = (namespace: string, request: ReadRequest) =>
    env.SHARD.get(env.SHARD.idFromName(shardName(env.CLUSTER, namespace))).read(request);
  const deps: SecurityDeps = {
    objects: freshObjects(read, runtime.now),
    adminTokenSha256: env.ADMIN_TOKEN_SHA256,
    issuer: env.SERVICE_ACCOUNT_ISSUER,
    audiences: [env.SERVICE_ACCOUNT_ISSUER],
    ...authenticationSettings(env, runtime),
    now: runtime.now,
    nodeReaches: (node, object) => env.HUB.get(env.HUB.idFromName(env.CLUSTER)).nodeReaches(node, object),
  };
  known.set(env, deps);
  return deps;
}
