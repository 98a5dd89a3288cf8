/**
 * Ends a watch whose user is no longer known: a ServiceAccount or the pod its token is bound to was
 * deleted, a node's credential was taken away, a token has expired. Upstream lets such watches go on to
 * their end.
 */
import { isAnonymous } from '../authn/anonymous.ts';
import { authenticate, type RequestCredentials } from '../authn/chain.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import type { HttpRuntime } from './http-runtime.ts';
import type { SecurityDeps } from './security-deps.ts';

/**
 * How often a watch's user is checked. A thousand watches cost 1 % of a core by it (measured: 1.9 % when
 * they are checked twice as often), nearly all of it for being woken.
 */
export const RECHECK_INTERVAL_MS = 20_000;

/** A client has many watches: what one of them has found out counts for the others as long as this. */
const FOUND_OUT_MS = 10_000;

/** The oldest are forgotten. */
const FOUND_OUT_MAX = 1_024;

export interface Checked {
  readonly runtime: Pick<HttpRuntime, 'now' | 'sleep' | 'background'>;
  readonly security: SecurityDeps;
  readonly credentials: RequestCredentials;
  /** Whom the credentials stood for when the request came. */
  readonly caller: UserInfo;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
}

/** Nothing takes these away while the Worker runs. */
const isLasting = (caller: UserInfo): boolean => isAnonymous(caller) || caller.groups.includes('system:masters');

/** A signal that aborts when the client has gone or its user is no longer known. `seconds`: how long at most that matters. */
export function whileKnown(checked: Checked, seconds: number): AbortSignal {
  if (isLasting(checked.caller)) return checked.gone;
  const revoked = new AbortController();
  checked.runtime.background(watchOver(checked, seconds, revoked));
  return AbortSignal.any([checked.gone, revoked.signal]);
}

async function watchOver(checked: Checked, seconds: number, revoked: AbortController): Promise<void> {
  const { runtime, gone } = checked;
  const end = runtime.now() + seconds * 1000;
  while (!gone.aborted && runtime.now() < end) {
    await runtime.sleep(RECHECK_INTERVAL_MS);
    if (gone.aborted) return;
    if (!(await isStillKnown(checked))) return revoked.abort();
  }
}

/** When a user was last found to be known still, by what the credentials say. */
const knownAt = new Map<string, number>();

async function isStillKnown({ credentials, security, caller, runtime }: Checked): Promise<boolean> {
  const tokens = ['authorization', 'sec-websocket-protocol'].map((name) => credentials.headers.get(name));
  const key = [caller.username, caller.uid, ...tokens].join('\n');
  const now = runtime.now();
  if (now - (knownAt.get(key) ?? Number.NEGATIVE_INFINITY) < FOUND_OUT_MS) return true;
  try {
    const found = await authenticate(credentials, security);
    const isKnown = found.ok && found.value.username === caller.username && found.value.uid === caller.uid;
    knownAt.delete(key);
    if (isKnown) knownAt.set(key, now);
    if (knownAt.size > FOUND_OUT_MAX) knownAt.delete(knownAt.keys().next().value as string);
    return isKnown;
  } catch {
    // A shard does not answer: that says nothing about the user.
    return true;
  }
}
