import type { UserInfo } from '../../schema/protocol/user-info.ts';

export const ANONYMOUS: UserInfo = {
  username: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
};

/** Which requests without credentials go on to the authorizer. */
export interface AnonymousPolicy {
  readonly enabled: boolean;
  /** Exact paths; empty: all of them. */
  readonly paths: ReadonlySet<string>;
}

/** Upstream's default (`--anonymous-auth=true`): what anonymous users may do is the authorizer's to say. */
export const ANONYMOUS_ANYWHERE: AnonymousPolicy = { enabled: true, paths: new Set() };

/** Source: apiserver pkg/authentication/request/anonymous. */
export const letsAnonymousIn = ({ enabled, paths }: AnonymousPolicy, path: string): boolean =>
  enabled && (paths.size === 0 || paths.has(path));

/** Whether nothing is known of who asks. */
export const isAnonymous = ({ groups }: Pick<UserInfo, 'groups'>): boolean => groups.includes('system:unauthenticated');
