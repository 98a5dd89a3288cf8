/** v1 Binding by its old path, POST /api/v1/namespaces/NS/bindings: pods/binding under the body's name. */
import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import { jsonAnswer } from '../answers/answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { type ForeignKind, readForeignObject } from '../request/foreign-body.ts';
import { noConversion } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { reviewResource } from '../virtual/reviews/review-resource.ts';
import { shardOf } from '../stores.ts';

const BINDING: ForeignKind = { group: '', version: 'v1', kind: 'Binding', plural: 'bindings', schema: 'V1Binding' };

async function handle(api: ApiRequest): Promise<Handled> {
  const accepted = answerForm({ headers: api.request.headers, query: api.query }, noConversion);
  if (!accepted.ok) return accepted.status;
  const read = await readForeignObject<KubeObject>(api, BINDING);
  if (!read.ok) return read.status;
  const { object, body } = read.value;
  const { namespace } = api.info;
  const answer = await shardOf(api.env, namespace).write({
    verb: 'create',
    resource: 'pods',
    subresource: 'binding',
    name: object.metadata.name ?? '',
    apiVersion: 'v1',
    namespace,
    user: api.user,
    dryRun: body.options.dryRun,
    fieldManager: body.options.fieldManager,
    body: body.json,
  });
  api.audit.answered(answer);
  return jsonAnswer(answer.code, answer.body, {
    accepted: accepted.value,
    warnings: [...body.warnings, ...(answer.warnings ?? [])],
  });
}

export const bindings = reviewResource(BINDING, 'Namespaced', handle);
