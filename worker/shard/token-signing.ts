/** Signs, between batches, the tokens that a batch's controllers asked for. */
import type { TokenSource, TokenSubject } from '../controllers/service-account-tokens.ts';

/** Signed tokens that wait to be written. */
const SIGNED_MAX = 1_000;
/** Asked for in one batch; more are asked for again later. */
const WANTED_MAX = 1_000;

export interface TokenSigningPorts {
  /** Rejects when the keys cannot be had. */
  sign(subjects: readonly TokenSubject[]): Promise<readonly string[]>;
  /** Makes a batch look at these Secrets again. */
  signed(secrets: readonly string[]): void;
  report(error: unknown): void;
}

const idOf = ({ namespace, account, accountUid, secret }: TokenSubject): string =>
  JSON.stringify([namespace, account, accountUid, secret]);

export class TokenSigning implements TokenSource {
  readonly #ports: TokenSigningPorts;
  #wanted = new Map<string, TokenSubject>();
  readonly #signed = new Map<string, string>();

  constructor(ports: TokenSigningPorts) {
    this.#ports = ports;
  }

  /** Kept after it was given: the batch that writes it may still be undone. */
  token(subject: TokenSubject): string | undefined {
    const id = idOf(subject);
    const token = this.#signed.get(id);
    if (token === undefined && this.#wanted.size < WANTED_MAX) this.#wanted.set(id, subject);
    return token;
  }

  /** Something was asked for. */
  get isDue(): boolean {
    return this.#wanted.size > 0;
  }

  /** Signs what was asked for. Never rejects: the controller asks again. */
  async run(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = new Map();
    if (wanted.size === 0) return;
    try {
      const tokens = await this.#ports.sign([...wanted.values()]);
      [...wanted.keys()].forEach((id, index) => this.#keep(id, tokens[index] as string));
      this.#ports.signed([...wanted.values()].map(({ secret }) => secret));
    } catch (error) {
      this.#ports.report(error);
    }
  }

  #keep(id: string, token: string): void {
    this.#signed.set(id, token);
    if (this.#signed.size > SIGNED_MAX) this.#signed.delete(this.#signed.keys().next().value as string);
  }
}
