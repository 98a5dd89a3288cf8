import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import {
  bindingObstacle,
  boundResource,
  misdirected,
  nodeObstacle,
  type TokenRequest,
  validateTokenRequest,
  withTokenRequestDefaults,
} from './token-request.ts';

const account: UntypedObject = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'shop', uid: 'u1' },
};

const request = (spec: object = {}, metadata: object = {}): TokenRequest =>
  withTokenRequestDefaults({ apiVersion: '', kind: '', metadata, spec }, account, ['api'], '2026-11-21T12:00:00Z');

const pod = (spec: object = {}): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'p1' },
  spec: {
    serviceAccountName: 'robot',
    nodeName: 'n1',
    volumes: [
      { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'b', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } },
    ],
    ...spec,
  },
});

describe('a token request', () => {
  it('is for the API and an hour unless it says otherwise', () => {
    expect(request()).toMatchObject({
      kind: 'TokenRequest',
      metadata: { name: 'robot', namespace: 'shop', uid: 'u1' },
      spec: { audiences: ['api'], expirationSeconds: 3600 },
    });
    expect(request({ audiences: ['vault'], expirationSeconds: 600 }).spec).toMatchObject({
      audiences: ['vault'],
      expirationSeconds: 600,
    });
  });

  it.each([
    [599, 'Invalid value: 599: may not specify a duration less than 10 minutes'],
    [2 ** 32 + 1, 'Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds'],
  ])('may not be for %d seconds', (expirationSeconds, body) => {
    expect(validateTokenRequest(request({ expirationSeconds }))).toEqual([
      { type: 'FieldValueInvalid', field: 'spec.expirationSeconds', body },
    ]);
  });

  it('must fit the account it is sent to', () => {
    const to = (metadata: object) => misdirected({ apiVersion: '', kind: '', metadata }, account);
    expect(to({})).toBeUndefined();
    expect(to({ name: 'robot', namespace: 'shop', uid: 'u1' })).toBeUndefined();
    expect(to({ name: 'other' })).toMatchObject([{ field: 'metadata.name' }]);
    expect(to({ namespace: 'other' })).toMatchObject([{ field: 'metadata.namespace' }]);
    expect(to({ uid: 'other' })).toMatchObject({ code: 409 });
  });

  it('may be bound to pods, Secrets and nodes', () => {
    expect(boundResource({ apiVersion: 'v1', kind: 'Pod' })).toBe('pods');
    expect(boundResource({ apiVersion: 'v1', kind: 'Secret' })).toBe('secrets');
    expect(boundResource({ apiVersion: 'v1', kind: 'Node' })).toBe('nodes');
    expect(boundResource({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({
      code: 400,
      message: 'cannot bind token to object of type apps/v1, Kind=Deployment',
    });
  });

  it('is bound only to a pod of that account and uid', () => {
    const bound = request({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p1' } });
    expect(bindingObstacle(bound, 'robot', pod())).toBeUndefined();
    expect(bindingObstacle(bound, 'robot', pod({ serviceAccountName: 'other' }))).toMatchObject({
      code: 400,
      message: 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    });
    const stale = request({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p0' } });
    expect(bindingObstacle(stale, 'robot', pod())).toMatchObject({ code: 409 });
  });
});

describe('a node', () => {
  const reference = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p1' };
  const obstacle = (audiences: string[], ref: object | undefined, bound: UntypedObject | undefined, node = 'n1') =>
    nodeObstacle(node, 'robot', audiences, ref, bound)?.message;
  const refusal = (why: string) => `serviceaccounts "robot" is forbidden: ${why}`;

  it('gets tokens for its pods, for audiences they ask for', () => {
    expect(obstacle([], reference, pod())).toBeUndefined();
    expect(obstacle(['vault'], reference, pod())).toBeUndefined();
    expect(obstacle(['bank'], reference, pod())).toBe(refusal('audience "bank" not found in pod spec volume'));
    expect(obstacle(['a', 'b'], reference, pod())).toBe(refusal('node may only request 0 or 1 audiences'));
  });

  it('gets none for anything else', () => {
    expect(obstacle([], undefined, undefined)).toBe(refusal('node requested token not bound to a pod'));
    expect(obstacle([], { ...reference, uid: '' }, pod())).toBe(
      refusal('node requested token with a pod binding without a uid'),
    );
    expect(obstacle([], reference, pod(), 'n2')).toBe(
      refusal('node requested token bound to a pod scheduled on a different node'),
    );
  });
});
