/**
 * Writes that turn out to need more than the right to write: the shard says what, the authorizer is
 * asked, and the write is sent again with the verdicts. See registry/brought-verdicts.ts.
 */
import type { Permission } from '../../../schema/meta/resource.ts';
import type { Answer, Verdict, WriteRequest } from '../../../schema/protocol/shard.ts';
import { forbiddenStatus } from '../../authz/attributes.ts';
import { authorize } from '../../authz/chain.ts';
import type { ApiRequest } from '../api-request.ts';
import { attributesOf } from '../authorization-attributes.ts';
import { shardOf } from '../stores.ts';

/** The object may change meanwhile, and with it what is needed. */
const ATTEMPTS_MAX = 5;

async function verdictOn(api: ApiRequest, permission: Permission): Promise<Verdict> {
  const attributes = { ...attributesOf(api.info, api.user, ''), ...permission };
  const { allowed, reason } = await authorize(attributes, api.security);
  return allowed ? { permission } : { permission, refusal: forbiddenStatus(attributes, reason).message ?? '' };
}

/** Sends a write to its shard as often as that has questions. */
export async function writeWithVerdicts(api: ApiRequest, request: WriteRequest): Promise<Answer> {
  let verdicts: readonly Verdict[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const sent = verdicts.length > 0 ? { ...request, verdicts } : request;
    const { questions, ...answer } = await shardOf(api.env, request.namespace).write(sent);
    if (!questions || attempt === ATTEMPTS_MAX) return answer;
    verdicts = [...verdicts, ...(await Promise.all(questions.map((question) => verdictOn(api, question))))];
  }
}
