/** ServiceAccount tokens for pods, asked anew at 80 % of their life. Source: kubelet token_manager.go. */
import { fail, ok, type Result, serviceUnavailable } from '../../schema/meta/status.ts';
import type { Clock } from '../clock.ts';
import { podName, podNamespace, podSpec, podUid } from '../pods/pod.ts';
import type { ServiceAccountToken, TokenQuery } from '../volumes/volume.ts';
import type { ApiClient } from './api-client.ts';
import type { Credentials } from './credentials.ts';

interface Kept extends ServiceAccountToken {
  readonly podUid: string;
  readonly refreshAt: number;
}

interface TokenAnswer {
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

const REFRESH_SHARE = 0.8;
const REFRESH_MS_MAX = 24 * 3_600_000;
const JITTER_MS_MAX = 10_000;
/** How soon a refresh that failed is tried again. */
const RETRY_MS = 30_000;

export class TokenSource {
  readonly #client: ApiClient;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(client: ApiClient, credentials: Credentials, clock: Clock, random: () => number) {
    this.#client = client;
    this.#credentials = credentials;
    this.#clock = clock;
    this.#random = random;
  }

  async token(query: TokenQuery): Promise<Result<ServiceAccountToken>> {
    const key = [podUid(query.pod), query.audience ?? '', query.expirationSeconds].join('|');
    const known = this.#kept.get(key);
    const now = this.#clock.now();
    if (known && now < known.refreshAt) return ok(known);
    const fresh = await this.#request(query);
    if (fresh.ok) {
      this.#kept.set(key, fresh.value);
      return fresh;
    }
    // The old one is good until it expires.
    if (!known || now >= known.expiresAt) return fresh;
    this.#kept.set(key, { ...known, refreshAt: now + RETRY_MS });
    return ok(known);
  }

  /** When one of the pod's tokens has to be asked anew; undefined: it has none. */
  nextRefresh(uid: string): number | undefined {
    const due = [...this.#kept.values()].filter((k) => k.podUid === uid).map((k) => k.refreshAt);
    return due.length ? Math.min(...due) : undefined;
  }

  forget(uid: string): void {
    for (const [key, kept] of this.#kept) if (kept.podUid === uid) this.#kept.delete(key);
  }

  async #request(query: TokenQuery): Promise<Result<Kept>> {
    const { pod } = query;
    const account = podSpec(pod).serviceAccountName || 'default';
    const now = this.#clock.now();
    const answer = await this.#client.call<TokenAnswer>({
      method: 'POST',
      path: `/api/v1/namespaces/${encodeURIComponent(podNamespace(pod))}/serviceaccounts/${encodeURIComponent(account)}/token`,
      token: this.#credentials.token,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: {
          audiences: query.audience ? [query.audience] : [],
          expirationSeconds: query.expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: podName(pod), uid: podUid(pod) },
        },
      },
    });
    if (!answer.ok) return answer;
    const { token, expirationTimestamp = '' } = answer.value.status ?? {};
    const expiresAt = Date.parse(expirationTimestamp);
    if (!token || Number.isNaN(expiresAt))
      return fail(serviceUnavailable('the answer to a token request has no token'));
    const lifeMs = expiresAt - now;
    const refreshAt =
      now + Math.min(lifeMs * REFRESH_SHARE, REFRESH_MS_MAX) - this.#random() * Math.min(JITTER_MS_MAX, lifeMs / 20);
    return ok({ token, expiresAt, podUid: podUid(pod), refreshAt });
  }
}
