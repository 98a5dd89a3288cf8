/** v1 Binding by its old path, POST /api/v1/namespaces/NS/bindings: pods/binding under the body's name. */
import type { ApiRequest, Handled } from '../api-request.ts';
import { createInShard, POD_BINDING } from './create-in-shard.ts';
import { reviewResource } from '../reviews/review-resource.ts';

const handle = (api: ApiRequest): Promise<Handled> =>
  createInShard(api, { resource: 'pods', subresource: 'binding' }, POD_BINDING);

export const bindings = reviewResource(POD_BINDING, 'Namespaced', handle);
