/**
 * Acting as someone else by the Impersonate-* headers (`kubectl --as`). Everything that is taken on must
 * be allowed to the caller. Source: apiserver pkg/endpoints/filters/impersonation.
 */
import { goQuote, goStringSlice } from '../../schema/meta/go-format.ts';
import { badRequest, fail, ok, type Result, type Status } from '../../schema/meta/status.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { type AuthorizationAttributes, forbiddenStatus } from './attributes.ts';
import { type AuthorizationDeps, authorize } from './chain.ts';

const EXTRA_PREFIX = 'impersonate-extra-';

/** More is refused: each value costs an authorization. */
export const IMPERSONATED_VALUES_MAX = 256;

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9]([-a-z0-9]*[a-z0-9])?):([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;

/** What the headers ask for. */
interface Asked {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Several headers of one name come as one, joined by commas. */
const valuesOf = (header: string | null): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Made of entries, so that a key like `__proto__` is a key like any other. */
const extraOf = (headers: Headers): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(EXTRA_PREFIX))
      .map(([name, value]) => [unescaped(name.slice(EXTRA_PREFIX.length)), valuesOf(value)]),
  );

/** Undefined when nobody is to be impersonated. */
function askedBy(headers: Headers): Asked | undefined {
  const user = headers.get('impersonate-user') ?? '';
  const uid = headers.get('impersonate-uid') ?? '';
  const groups = valuesOf(headers.get('impersonate-group'));
  const extra = extraOf(headers);
  if (!user && !uid && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  return { user, uid, groups, extra };
}

/** Attributes of nobody, in upstream's words: the user as `%#v` prints it. */
function nobody({ uid, groups, extra }: Asked): Status {
  const given = groups.length > 0 ? goStringSlice(groups) : '[]string(nil)';
  const entries = Object.entries(extra).map(([key, values]) => `${goQuote(key)}:${goStringSlice(values)}`);
  const extras = `map[string][]string${entries.length > 0 ? `{${entries.join(', ')}}` : '(nil)'}`;
  const user = `&user.DefaultInfo{Name:"", UID:${goQuote(uid)}, Groups:${given}, Extra:${extras}}`;
  return badRequest(`requested ${user} without impersonating a user name`);
}

type Target = Pick<AuthorizationAttributes, 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'>;

const target = (resource: string, name: string, fields: Partial<Target> = {}): Target => ({
  apiGroup: '',
  subresource: '',
  namespace: '',
  ...fields,
  resource,
  name,
});

/** Everything the caller must be allowed to impersonate. */
function targetsOf({ user, uid, groups, extra }: Asked): readonly Target[] {
  const [, namespace, , account] = SERVICE_ACCOUNT.exec(user) ?? [];
  const authentication = { apiGroup: 'authentication.k8s.io' };
  return [
    account === undefined ? target('users', user) : target('serviceaccounts', account, { namespace }),
    ...groups.map((group) => target('groups', group)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => target('userextras', value, { ...authentication, subresource: key })),
    ),
    ...(uid ? [target('uids', uid, authentication)] : []),
  ];
}

function impersonated({ user, uid, groups, extra }: Asked): UserInfo {
  const [, namespace] = SERVICE_ACCOUNT.exec(user) ?? [];
  const given =
    groups.length === 0 && namespace !== undefined
      ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
      : [...groups];
  const own = user === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  const isSettled = given.includes(own) || given.includes('system:unauthenticated');
  return { username: user, uid, groups: isSettled ? given : [...given, own], extra };
}

/** The user the request acts as: the caller, or whom it may and wants to be. */
export async function impersonate(
  headers: Headers,
  caller: UserInfo,
  deps: AuthorizationDeps,
): Promise<Result<UserInfo>> {
  const asked = askedBy(headers);
  if (asked === undefined) return ok(caller);
  if (asked.user === '') return fail(nobody(asked));
  const targets = targetsOf(asked);
  if (targets.length > IMPERSONATED_VALUES_MAX) return fail(badRequest('too many impersonation headers'));
  for (const wanted of targets) {
    const attributes: AuthorizationAttributes = {
      ...wanted,
      user: caller,
      verb: 'impersonate',
      apiVersion: 'v1',
      path: '',
      resourceRequest: true,
    };
    const verdict = await authorize(attributes, deps);
    if (!verdict.allowed) return fail(forbiddenStatus(attributes, verdict.reason));
  }
  return ok(impersonated(asked));
}
