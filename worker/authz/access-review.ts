/**
 * What SubjectAccessReviews ask, and whether they ask it well.
 * Source: pkg/apis/authorization/validation, pkg/registry/authorization/util.
 */
import { pushAll } from '../../schema/meta/push-all.ts';
import { type FieldError, invalid } from '../../schema/meta/field-error.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { AuthorizationAttributes } from './attributes.ts';

export interface ResourceAttributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly fieldSelector?: {
    readonly rawSelector?: string;
    readonly requirements?: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  };
}

export interface AccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface AccessReview extends KubeObject {
  readonly spec?: AccessReviewSpec;
}

export type AccessReviewKind = 'SubjectAccessReview' | 'SelfSubjectAccessReview' | 'LocalSubjectAccessReview';

const EITHER = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';

function metadataErrors(review: AccessReview, kind: AccessReviewKind): FieldError[] {
  const { managedFields: _ignored, namespace, ...rest } = review.metadata;
  const given = kind === 'LocalSubjectAccessReview' || namespace === undefined ? rest : { ...rest, namespace };
  const set = Object.values(given).some((value) => value !== undefined && value !== null && value !== '');
  if (!set) return [];
  const detail = kind === 'LocalSubjectAccessReview' ? 'must be empty except for namespace' : 'must be empty';
  return [invalid('metadata', review.metadata, detail)];
}

/** Every error of a review. */
export function validateAccessReview(review: AccessReview, kind: AccessReviewKind): FieldError[] {
  const { resourceAttributes, nonResourceAttributes, user = '', groups = [] } = review.spec ?? {};
  const errors: FieldError[] = [];
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    errors.push(invalid('spec', nonResourceAttributes ?? null, EITHER));
  }
  if (kind !== 'SelfSubjectAccessReview' && user === '' && groups.length === 0) {
    errors.push(invalid('spec.user', user, 'at least one of user or group must be specified'));
  }
  pushAll(errors, metadataErrors(review, kind));
  if (kind === 'LocalSubjectAccessReview') {
    const namespace = review.metadata.namespace ?? '';
    if (resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace) {
      errors.push(
        invalid(
          'spec.resourceAttributes.namespace',
          resourceAttributes.namespace ?? '',
          'must match metadata.namespace',
        ),
      );
    }
    if (nonResourceAttributes) {
      errors.push(invalid('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request'));
    }
  }
  return errors;
}

/** Field selector as text; only equality can be told to an authorizer. */
function fieldSelectorText({ fieldSelector }: ResourceAttributes): string {
  if (fieldSelector?.rawSelector) return fieldSelector.rawSelector;
  return (fieldSelector?.requirements ?? [])
    .flatMap(({ key, operator, values = [] }) =>
      operator === 'In' && values.length === 1 ? [`${key}=${values[0]}`] : [],
    )
    .join(',');
}

/** Whose access a review asks about; for SelfSubjectAccessReview it is the caller's. */
export const reviewedUser = ({ user = '', uid = '', groups = [], extra = {} }: AccessReviewSpec): UserInfo => ({
  username: user,
  uid,
  groups,
  extra,
});

export function reviewedAttributes(spec: AccessReviewSpec, user: UserInfo): AuthorizationAttributes {
  const { resourceAttributes: asked, nonResourceAttributes } = spec;
  const nothing = { apiGroup: '', apiVersion: '', resource: '', subresource: '', namespace: '', name: '', path: '' };
  if (asked === undefined) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {};
    return { ...nothing, user, verb, path, resourceRequest: false };
  }
  const fieldSelector = fieldSelectorText(asked);
  return {
    ...nothing,
    user,
    verb: asked.verb ?? '',
    apiGroup: asked.group ?? '',
    apiVersion: asked.version || '*',
    resource: asked.resource ?? '',
    subresource: asked.subresource ?? '',
    namespace: asked.namespace ?? '',
    name: asked.name ?? '',
    resourceRequest: true,
    ...(fieldSelector ? { fieldSelector } : {}),
  };
}
