/** authorization.k8s.io/v1: the reviews of access. Source: pkg/registry/authorization. */
import { invalidStatus } from '../../../../schema/meta/field-error.ts';
import type { KubeObject } from '../../../../schema/meta/object-meta.ts';
import { badRequest } from '../../../../schema/meta/status.ts';
import { nodeOf } from '../../../../schema/protocol/user-info.ts';
import {
  type AccessReview,
  type AccessReviewKind,
  reviewedAttributes,
  reviewedUser,
  validateAccessReview,
} from '../../../authz/access-review.ts';
import { authorize } from '../../../authz/chain.ts';
import { grantedRules, readRbacView } from '../../../authz/rbac.ts';
import type { ApiRequest, Handled } from '../../api-request.ts';
import { createdAnswer } from '../../answers/foreign-answer.ts';
import { type ForeignKind, readForeignObject } from '../../request/foreign-body.ts';
import type { VirtualResource } from '../virtual-resource.ts';
import { reviewResource } from './review-resource.ts';

const GROUP = 'authorization.k8s.io';

const foreignKind = (kind: string): ForeignKind => ({
  group: GROUP,
  version: 'v1',
  kind,
  plural: `${kind.toLowerCase()}s`,
  schema: `V1${kind}`,
});

function accessReview(kind: AccessReviewKind, scope: 'Cluster' | 'Namespaced'): VirtualResource {
  const foreign = foreignKind(kind);
  return reviewResource(foreign, scope, async (api) => {
    const read = await readForeignObject<AccessReview>(api, foreign);
    if (!read.ok) return read.status;
    const { object, body } = read.value;
    if (scope === 'Namespaced') object.metadata.namespace ??= api.info.namespace;
    const errors = validateAccessReview(object, kind);
    if (errors.length > 0) return invalidStatus(GROUP, kind, '', errors);
    if (scope === 'Namespaced' && object.metadata.namespace !== api.info.namespace) {
      return badRequest(`spec.resourceAttributes.namespace must match namespace: ${api.info.namespace}`);
    }
    const spec = object.spec ?? {};
    const user = kind === 'SelfSubjectAccessReview' ? api.user : reviewedUser(spec);
    const verdict = await authorize(reviewedAttributes(spec, user), api.security);
    const status = {
      allowed: verdict.allowed,
      ...(verdict.denied ? { denied: true } : {}),
      ...(verdict.reason ? { reason: verdict.reason } : {}),
    };
    return createdAnswer(api, { ...object, status } as KubeObject, body.warnings);
  });
}

const RULES_REVIEW = foreignKind('SelfSubjectRulesReview');

interface RulesReview extends KubeObject {
  readonly spec?: { readonly namespace?: string };
}

/** What the caller may do in a namespace, as far as rules say it: what `system:masters` may is no rule. */
async function reviewRules(api: ApiRequest): Promise<Handled> {
  const read = await readForeignObject<RulesReview>(api, RULES_REVIEW);
  if (!read.ok) return read.status;
  const namespace = read.value.object.spec?.namespace ?? '';
  if (namespace === '') return badRequest('no namespace on request');
  const isNode = nodeOf(api.user) !== '';
  const errors = isNode ? ['node authorizer does not support user rule resolution'] : [];
  const resourceRules: object[] = [];
  const nonResourceRules: object[] = [];
  for (const granted of grantedRules(api.user, await readRbacView(api.security.objects, namespace))) {
    if ('error' in granted) {
      errors.push(granted.error);
      continue;
    }
    const { verbs = [], apiGroups, resources, resourceNames, nonResourceURLs } = granted.rule;
    if (resources?.length)
      resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames ? { resourceNames } : {}) });
    if (nonResourceURLs?.length) nonResourceRules.push({ verbs, nonResourceURLs });
  }
  const review = {
    kind: RULES_REVIEW.kind,
    apiVersion: `${GROUP}/v1`,
    metadata: {},
    spec: {},
    status: {
      resourceRules,
      nonResourceRules,
      incomplete: isNode,
      ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
    },
  };
  return createdAnswer(api, review, read.value.body.warnings);
}

export const accessReviews: readonly VirtualResource[] = [
  accessReview('SubjectAccessReview', 'Cluster'),
  accessReview('SelfSubjectAccessReview', 'Cluster'),
  accessReview('LocalSubjectAccessReview', 'Namespaced'),
  reviewResource(RULES_REVIEW, 'Cluster', reviewRules),
];
