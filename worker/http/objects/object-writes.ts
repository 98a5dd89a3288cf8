/** How creates, updates and patches reach their shard: some are looked at on their way. */
import type { Answer } from '../../../schema/protocol/shard.ts';
import { mayEscalate } from '../../authz/escalation.ts';
import type { ApiRequest } from '../api-request.ts';
import { writeWithVerdicts } from './further-authorization.ts';
import { writeNamespace } from './namespace-relabel.ts';
import { type ObjectWrite, writeWithoutEscalation } from './rbac-writes.ts';

export async function writeObject(api: ApiRequest, request: ObjectWrite): Promise<Answer> {
  if (request.resource === 'namespaces' && !request.subresource && request.verb !== 'create')
    return writeNamespace(api, request);
  return mayEscalate(request.resource, api.user)
    ? writeWithoutEscalation(api, request)
    : writeWithVerdicts(api, request);
}
