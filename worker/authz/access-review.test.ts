import { describe, expect, it } from 'vitest';
import { type AccessReview, reviewedAttributes, reviewedUser, validateAccessReview } from './access-review.ts';

const review = (spec: AccessReview['spec'], metadata: object = {}): AccessReview => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  metadata,
  spec,
});

const fields = (of: AccessReview, kind: Parameters<typeof validateAccessReview>[1]) =>
  validateAccessReview(of, kind).map(({ field }) => field);

const PODS = { verb: 'list', resource: 'pods', namespace: 'shop' };

describe('a review of access', () => {
  it('asks about one thing, of someone', () => {
    expect(fields(review({ user: 'jane', resourceAttributes: PODS }), 'SubjectAccessReview')).toEqual([]);
    expect(
      fields(review({ groups: ['dev'], nonResourceAttributes: { path: '/x', verb: 'get' } }), 'SubjectAccessReview'),
    ).toEqual([]);
    expect(fields(review({}), 'SubjectAccessReview')).toEqual(['spec', 'spec.user']);
    const both = { resourceAttributes: PODS, nonResourceAttributes: { path: '/x' } };
    expect(fields(review(both), 'SelfSubjectAccessReview')).toEqual(['spec']);
  });

  it('has no metadata of its own', () => {
    expect(fields(review({ resourceAttributes: PODS }, { name: 'x' }), 'SelfSubjectAccessReview')).toEqual([
      'metadata',
    ]);
    expect(
      fields(review({ resourceAttributes: PODS }, { creationTimestamp: null }), 'SelfSubjectAccessReview'),
    ).toEqual([]);
  });

  it('in a namespace stays in it', () => {
    const at = (namespace: string) => review({ user: 'jane', resourceAttributes: PODS }, { namespace });
    expect(fields(at('shop'), 'LocalSubjectAccessReview')).toEqual([]);
    expect(fields(at('other'), 'LocalSubjectAccessReview')).toEqual(['spec.resourceAttributes.namespace']);
    const path = review({ user: 'jane', nonResourceAttributes: { path: '/x' } }, { namespace: 'shop' });
    expect(fields(path, 'LocalSubjectAccessReview')).toEqual(['spec.nonResourceAttributes']);
  });

  it('becomes the attributes of the request it asks about', () => {
    const spec = {
      user: 'jane',
      groups: ['dev'],
      resourceAttributes: {
        ...PODS,
        fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }] },
      },
    };
    expect(reviewedAttributes(spec, reviewedUser(spec))).toEqual({
      user: { username: 'jane', uid: '', groups: ['dev'], extra: {} },
      verb: 'list',
      apiGroup: '',
      apiVersion: '*',
      resource: 'pods',
      subresource: '',
      namespace: 'shop',
      name: '',
      path: '',
      resourceRequest: true,
      fieldSelector: 'spec.nodeName=n1',
    });
  });
});
