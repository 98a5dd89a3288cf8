/** authentication.k8s.io/v1 TokenReview and SelfSubjectReview. Source: pkg/registry/authentication. */
import type { KubeObject } from '../../../../schema/meta/object-meta.ts';
import { badRequest } from '../../../../schema/meta/status.ts';
import { formatTime } from '../../../../schema/meta/time.ts';
import type { UserInfo } from '../../../../schema/protocol/user-info.ts';
import { authenticateToken } from '../../../authn/chain.ts';
import type { ApiRequest, Handled } from '../../api-request.ts';
import { createdAnswer } from '../../answers/foreign-answer.ts';
import { type ForeignKind, readForeignObject } from '../../request/foreign-body.ts';
import { reviewResource } from './review-resource.ts';

const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1' } as const;

const TOKEN_REVIEW: ForeignKind = {
  ...AUTHENTICATION,
  kind: 'TokenReview',
  plural: 'tokenreviews',
  schema: 'V1TokenReview',
};

const SELF_SUBJECT_REVIEW: ForeignKind = {
  ...AUTHENTICATION,
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  schema: 'V1SelfSubjectReview',
};

interface TokenReview extends KubeObject {
  readonly spec?: { readonly token?: string; readonly audiences?: readonly string[] };
}

/** Wire form: empty fields are left out. */
const userInfo = ({ username, uid, groups, extra }: UserInfo) => ({
  ...(username ? { username } : {}),
  ...(uid ? { uid } : {}),
  ...(groups.length > 0 ? { groups } : {}),
  ...(Object.keys(extra).length > 0 ? { extra } : {}),
});

async function reviewToken(api: ApiRequest): Promise<Handled> {
  const read = await readForeignObject<TokenReview>(api, TOKEN_REVIEW);
  if (!read.ok) return read.status;
  const { object, body } = read.value;
  const token = object.spec?.token ?? '';
  if (token === '') return badRequest('token is required for TokenReview in authentication');
  const { security } = api;
  const audiences = object.spec?.audiences?.length ? object.spec.audiences : security.audiences;
  const outcome = await authenticateToken(token, audiences, security);
  const status =
    outcome.kind === 'user'
      ? { authenticated: true, user: userInfo(outcome.user), audiences: outcome.audiences ?? audiences }
      : {
          user: {},
          error: outcome.kind === 'invalid' ? `[invalid bearer token, ${outcome.why}]` : 'invalid bearer token',
        };
  return createdAnswer(api, { ...object, status } as KubeObject, body.warnings);
}

async function reviewSelf(api: ApiRequest): Promise<Handled> {
  const read = await readForeignObject(api, SELF_SUBJECT_REVIEW);
  if (!read.ok) return read.status;
  const review = {
    kind: SELF_SUBJECT_REVIEW.kind,
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: formatTime(api.runtime.now()) },
    status: { userInfo: userInfo(api.user) },
  };
  return createdAnswer(api, review, read.value.body.warnings);
}

export const tokenReviews = reviewResource(TOKEN_REVIEW, 'Cluster', reviewToken);
export const selfSubjectReviews = reviewResource(SELF_SUBJECT_REVIEW, 'Cluster', reviewSelf);
