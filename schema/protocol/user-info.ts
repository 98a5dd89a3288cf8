/** Who asks. Source: authentication.k8s.io UserInfo. */
export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The identity under which the control plane's own parts write. */
export const systemUser = (name: string): UserInfo => ({
  username: `system:${name}`,
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
});

/** The node that the user is; empty when it is none. Source: pkg/auth/nodeidentifier. */
export function nodeOf({ username, groups }: Pick<UserInfo, 'username' | 'groups'>): string {
  const prefix = 'system:node:';
  return username.startsWith(prefix) && groups.includes('system:nodes') ? username.slice(prefix.length) : '';
}

/**
 * The field manager of the control plane's own parts: the process that upstream runs them in, which
 * tells of it in its user agent.
 */
export function managerOf(component: string): string {
  if (component.startsWith('controller:') || CONTROLLERS.has(component)) return 'kube-controller-manager';
  return component === 'default-scheduler' ? 'kube-scheduler' : component;
}

const CONTROLLERS: ReadonlySet<string> = new Set([
  'node-controller',
  'pod-garbage-collector',
  'taint-eviction-controller',
]);
