/**
 * An issuer's keys as an isolate keeps them. They are fetched when first needed, anew when they get old,
 * and when a token names a key that is not among them, but never more often than each
 * `FETCH_INTERVAL_MS_MIN`: tokens with made-up key ids cost the issuer nothing.
 *
 * No promise is shared between requests: in a Worker a promise dies with the request that made it. The
 * fetch is a task of its own, and who needs its outcome looks for it from time to time.
 */
import type { JWK } from 'jose';
import { DOCUMENT_MS_MAX, IssuerFailure } from './issuer-documents.ts';
import { IssuerKeySet } from './issuer-key-set.ts';

/** Between the beginnings of two fetches. */
export const FETCH_INTERVAL_MS_MIN = 10_000;

/** After this the keys are fetched anew, while tokens are still checked against those there are. */
export const REFRESH_AFTER_MS = 300_000;

/** A key that an issuer has withdrawn is not believed for longer, even if the issuer cannot be reached. */
export const KEYS_AGE_MS_MAX = 3_600_000;

/** Discovery and keys, one after the other; a fetch that takes longer has died with its request. */
const FETCH_MS_MAX = 2 * DOCUMENT_MS_MAX + 1_000;

const LOOK_EVERY_MS = 20;

export interface IssuerKeysOptions {
  /** Rejects with an `IssuerFailure`. */
  fetchKeys(): Promise<readonly JWK[]>;
  /** ms since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Runs a task beyond the end of the request that needs it. */
  background(task: Promise<void>): void;
}

/** The keys, or why there are none. */
export type FoundKeys =
  | { readonly ok: true; readonly keys: IssuerKeySet }
  | { readonly ok: false; readonly why: string };

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #kept: { readonly keys: IssuerKeySet; readonly fetchedAt: number } | undefined;
  #fetch: { readonly startedAt: number; isOver: boolean } | undefined;
  #failure = 'its keys have not been fetched yet';

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The keys among which one with that id is to be sought. Waits for a fetch only if nothing kept will do. */
  async find(kid: string | undefined): Promise<FoundKeys> {
    const givesUpAt = this.#options.now() + FETCH_MS_MAX;
    for (;;) {
      const now = this.#options.now();
      const kept = this.#usable(now);
      if (kept?.keys.has(kid)) {
        if (now - kept.fetchedAt >= REFRESH_AFTER_MS) this.#startFetch(now);
        return { ok: true, keys: kept.keys };
      }
      if (now >= givesUpAt || (!this.#isFetching(now) && !this.#startFetch(now))) {
        return kept ? { ok: true, keys: kept.keys } : { ok: false, why: this.#failure };
      }
      await this.#options.sleep(LOOK_EVERY_MS);
    }
  }

  #usable(now: number) {
    return this.#kept && now - this.#kept.fetchedAt < KEYS_AGE_MS_MAX ? this.#kept : undefined;
  }

  #isFetching(now: number): boolean {
    return this.#fetch !== undefined && !this.#fetch.isOver && now - this.#fetch.startedAt < FETCH_MS_MAX;
  }

  /** False: one has begun too recently. */
  #startFetch(now: number): boolean {
    if (this.#fetch && now - this.#fetch.startedAt < FETCH_INTERVAL_MS_MIN) return false;
    const fetch = { startedAt: now, isOver: false };
    this.#fetch = fetch;
    this.#options.background(this.#run(fetch));
    return true;
  }

  async #run(fetch: { readonly startedAt: number; isOver: boolean }): Promise<void> {
    try {
      const keys = new IssuerKeySet(await this.#options.fetchKeys());
      this.#kept = { keys, fetchedAt: fetch.startedAt };
    } catch (error) {
      if (!(error instanceof IssuerFailure)) throw error;
      this.#failure = error.message;
    } finally {
      fetch.isOver = true;
    }
  }
}
