/** Who writes the audit log. */
export interface AuditLogPlan {
  /** The Unix socket on which it takes lines. */
  readonly socket: string;
  readonly path: string;
  readonly megabytesMax: number;
  readonly backupsMax: number;
  readonly daysMax: number;
}

/** What `prepare` decided and `up` starts: written to the data directory's `run/plan.json`. */
export interface Plan {
  readonly port: number;
  /** How this machine's own programs reach the API server. */
  readonly localUrl: string;
  /** How pods and other machines reach it. */
  readonly advertisedUrl: string;
  readonly caFile: string;
  readonly kubeconfig: string;
  readonly adminToken: string;
  /** A Unix socket of the same Worker, for this machine's supervisor only. */
  readonly controlSocket: string;
  /** Where the token lies with which local nodes join. */
  readonly joinTokenFile: string;
  /** argv of the workerd process. */
  readonly controlPlane: readonly string[];
  /** Absent: no file is written. */
  readonly auditLog?: AuditLogPlan;
  readonly runtime: 'containerd' | 'simulated';
  readonly nodes: readonly { readonly name: string; readonly folder: string }[];
}
