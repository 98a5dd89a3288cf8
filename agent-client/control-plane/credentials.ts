/** Gets a node's credential: the stored one, or a new one for a join token. */
import { fail, ok, type Result, unauthorized } from '../../schema/meta/status.ts';
import type { JoinReply, JoinRequest } from '../../schema/protocol/agent.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { ApiClient } from './api-client.ts';

export class Credentials {
  readonly #client: ApiClient;
  readonly #checkpoint: Checkpoint;
  readonly #node: string;
  readonly #joinToken: (() => string | undefined) | undefined;
  #token: string | undefined;

  constructor(client: ApiClient, checkpoint: Checkpoint, node: string, joinToken: () => string | undefined) {
    this.#client = client;
    this.#checkpoint = checkpoint;
    this.#node = node;
    this.#joinToken = joinToken;
  }

  /** The bearer token; empty before `ensure` succeeded. */
  get token(): string {
    return this.#token ?? '';
  }

  /** Stored credential first; joins when there is none. */
  async ensure(): Promise<Result<string>> {
    this.#token ??= await this.#checkpoint.credential(this.#node);
    return this.#token ? ok(this.#token) : this.#join();
  }

  /** The server refused the credential: it was revoked, or the cluster is another one. */
  async renew(): Promise<Result<string>> {
    return this.#join();
  }

  async #join(): Promise<Result<string>> {
    const joinToken = this.#joinToken?.();
    if (!joinToken) return fail(unauthorized('the node has no credential and was given no join token'));
    const body: JoinRequest = { nodeName: this.#node };
    const reply = await this.#client.call<JoinReply>({
      method: 'POST',
      path: '/agent/v1/join',
      token: joinToken,
      body,
    });
    if (!reply.ok) return reply;
    await this.#checkpoint.saveCredential(this.#node, reply.value.token);
    this.#token = reply.value.token;
    return ok(reply.value.token);
  }
}
