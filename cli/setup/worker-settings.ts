/**
 * What `wrangler.toml` says about the Worker, for the self-hosted process; a test holds the two together.
 */
export const WORKER_SETTINGS = {
  name: 'zeroplane',
  compatibilityDate: '2026-10-01',
  compatibilityFlags: ['nodejs_compat', 'enable_request_signal', 'request_signal_passthrough'],
  durableObjects: [
    { binding: 'SHARD', className: 'Shard' },
    { binding: 'HUB', className: 'Hub' },
  ],
  vars: {
    CLUSTER: 'default',
    SERVICE_ACCOUNT_ISSUER: 'https://kubernetes.default.svc.cluster.local',
  },
} as const;
