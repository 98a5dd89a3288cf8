import type { GroupResource, UntypedObject } from '../../../schema/meta/object-meta.ts';
import { systemUser } from '../../../schema/protocol/user-info.ts';
import type { ApiRequest } from '../api-request.ts';
import { shardOf } from '../stores.ts';

const READER = systemUser('apiserver');

/** A core object as it is now, read by the control plane itself; rejects when the shard does not answer. */
export async function readLatest(
  api: ApiRequest,
  resource: GroupResource,
  namespace: string,
  name: string,
): Promise<UntypedObject | undefined> {
  const answer = await shardOf(api.env, namespace).read({
    verb: 'get',
    resource,
    apiVersion: 'v1',
    namespace,
    name,
    user: READER,
    resourceVersion: '',
  });
  if (answer.code === 404) return undefined;
  if (answer.code !== 200) throw new Error(`reading ${resource} ${namespace}/${name}: ${answer.code}`);
  return JSON.parse(answer.body) as UntypedObject;
}
