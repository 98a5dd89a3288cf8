/** The Durable Objects behind the API: which one a request belongs to. */
import { nameIsDNSLabel } from '../../schema/meta/name-rules.ts';
import { type Env, shardName } from '../env.ts';

/** Ids are derived from names by hashing; the busiest are kept. */
const SHARD_IDS_MAX = 4_096;
const shardIds = new Map<string, DurableObjectId>();

/** No namespace can have this name. */
const NO_NAMESPACE = '-';

/**
 * The shard of a namespace; the cluster-scoped one for the empty name. What cannot be a namespace's name
 * shares one shard that stays empty: paths are not to bring objects to be, let alone of any length.
 * A stub belongs to its request.
 */
export function shardOf(env: Env, namespace: string) {
  const isName = namespace === '' || nameIsDNSLabel(namespace, false).length === 0;
  const name = shardName(env.CLUSTER, isName ? namespace : NO_NAMESPACE);
  let id = shardIds.get(name);
  if (!id) {
    if (shardIds.size >= SHARD_IDS_MAX) shardIds.clear();
    id = env.SHARD.idFromName(name);
    shardIds.set(name, id);
  }
  return env.SHARD.get(id);
}

export const hubOf = (env: Env) => env.HUB.get(env.HUB.idFromName(env.CLUSTER));
