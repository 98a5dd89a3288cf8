/** Continue tokens of chunked lists: opaque to clients, of upstream's form. Source: apiserver storage/continue.go. */
import { fail, badRequest, ok, type Result } from './status.ts';

export interface ContinueToken {
  /** The list's snapshot; below 0: continue at the latest revision. */
  readonly revision: number;
  /** Key after which the page starts: `name`, or `namespace/name` in lists over all namespaces. */
  readonly after: string;
  /** When the snapshot was taken, in ms since the epoch: pages of it are given for a limited time. */
  readonly since?: number;
}

const VERSION = 'meta.k8s.io/v1';
/** Ends a start key: the next possible key after the last item's. */
const AFTER = '\u0000';
const KEY = /^[^/]+(\/[^/]+)?$/;

function toBase64Url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): string | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(binary, (character) => character.charCodeAt(0)),
    );
  } catch {
    return undefined;
  }
}

export const encodeContinue = ({ revision, after, since }: ContinueToken): string =>
  toBase64Url(JSON.stringify({ v: VERSION, rv: revision, start: after + AFTER, since }));

const invalidToken = (why: string) => fail(badRequest(`invalid continue token: ${why}`));

/** 400 with upstream's text when the token is not one of ours. */
export function decodeContinue(token: string): Result<ContinueToken> {
  const illegalAt = token.search(/[^A-Za-z0-9_-]/);
  const text = illegalAt < 0 ? fromBase64Url(token) : undefined;
  if (text === undefined) {
    const byte = illegalAt < 0 ? token.length : illegalAt;
    return invalidToken(`continue key is not valid: illegal base64 data at input byte ${byte}`);
  }
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return invalidToken('continue key is not valid: invalid JSON');
  }
  if (typeof fields !== 'object' || fields === null) return invalidToken('continue key is not valid: invalid JSON');
  const { v, rv, start, since } = fields as { v?: unknown; rv?: unknown; start?: unknown; since?: unknown };
  if (v !== VERSION) {
    return invalidToken(`continue key is not valid: server does not recognize this encoded version ${String(v ?? '')}`);
  }
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    return invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') {
    return invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  const after = start.endsWith(AFTER) ? start.slice(0, -1) : start;
  if (!KEY.test(after) || after.split('/').some((part) => part === '.' || part === '..')) {
    return invalidToken(`continue key is not valid: ${start}`);
  }
  return ok({ revision: rv, after, ...(typeof since === 'number' ? { since } : {}) });
}
