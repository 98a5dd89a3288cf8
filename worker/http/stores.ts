/** The Durable Objects behind the API: which one a request belongs to. */
import { type Env, shardName } from '../env.ts';

/** Ids are derived from names by hashing; the busiest are kept. */
const SHARD_IDS_MAX = 4_096;
const shardIds = new Map<string, DurableObjectId>();

/** The shard of a namespace; the cluster-scoped one for the empty name. A stub belongs to its request. */
export function shardOf(env: Env, namespace: string) {
  const name = shardName(env.CLUSTER, namespace);
  let id = shardIds.get(name);
  if (!id) {
    if (shardIds.size >= SHARD_IDS_MAX) shardIds.clear();
    id = env.SHARD.idFromName(name);
    shardIds.set(name, id);
  }
  return env.SHARD.get(id);
}

export const hubOf = (env: Env) => env.HUB.get(env.HUB.idFromName(env.CLUSTER));
