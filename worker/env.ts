import type { HubRpc } from '../schema/protocol/hub.ts';
import type { ShardRpc } from '../schema/protocol/shard.ts';

/** What a Durable Object's stub offers, by its protocol: the classes themselves read `Env` and cannot be named here. */
type Served<T> = DurableObjectNamespace<T & Rpc.DurableObjectBranded>;

/** Bindings of the Worker. Secrets come as text bindings (`wrangler secret put`, or the supervisor's config). */
export interface Env {
  readonly SHARD: Served<ShardRpc>;
  readonly HUB: Served<HubRpc>;
  /** Name of the cluster this deployment serves. */
  readonly CLUSTER: string;
  /** Hex SHA-256 of the admin's bearer token. */
  readonly ADMIN_TOKEN_SHA256: string;
  /** Base URL that ServiceAccount tokens name as their issuer. */
  readonly SERVICE_ACCOUNT_ISSUER: string;
  /** PEM of the CA that signed the server's certificate: goes into kube-root-ca.crt. Empty when a public CA did. */
  readonly CLUSTER_CA: string;
  /** Where clients and nodes reach this API, e.g. `https://192.0.2.7:6443`. */
  readonly API_SERVER_URL: string;
  /** YAML or JSON of an `apiserver.config.k8s.io/v1` AuthenticationConfiguration; absent or empty: none. */
  readonly AUTHENTICATION_CONFIGURATION?: string;
  /**
   * Authorities whose client certificates stand for users, by name (RFC 2253), one a line; absent or empty: none.
   * Of use behind Cloudflare's mTLS only.
   */
  readonly CLIENT_CERTIFICATE_ISSUERS?: string;
  /** The network of `jwt[N].issuer` of that, with the authority its configuration names as the only trusted one. */
  readonly [issuer: `OIDC_ISSUER_${number}`]: Fetcher | undefined;
  /** YAML or JSON of an `audit.k8s.io/v1` Policy, or `default`; absent or empty: nothing is audited. */
  readonly AUDIT_POLICY?: string;
  /** Takes audit events, as lines; absent: they go to the Worker's log. */
  readonly AUDIT_LOG?: Fetcher;
  /** Keys under which Secrets are stored: see sealing/encryption-keys.ts. Without them no Secret can be stored. */
  readonly SECRETS_ENCRYPTION_KEYS?: string;
}

/** The Durable Object name of a shard; the cluster-scoped shard has an empty namespace. */
export const shardName = (cluster: string, namespace: string): string => `${cluster}/${namespace}`;
