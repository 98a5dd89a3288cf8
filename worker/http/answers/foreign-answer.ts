import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import { jsonAnswer } from './answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { noConversion } from '../negotiation/accept.ts';
import { answerForm } from '../negotiation/answer-form.ts';

/** 201 with an object that was made and not stored, in the form the client accepts. */
export function createdAnswer(api: ApiRequest, object: KubeObject, warnings: readonly string[] = []): Handled {
  const accepted = answerForm({ headers: api.request.headers, query: api.query }, noConversion);
  if (!accepted.ok) return accepted.status;
  const body = JSON.stringify(object);
  api.audit.answered({ code: 201, body });
  return jsonAnswer(201, body, { accepted: accepted.value, warnings });
}
