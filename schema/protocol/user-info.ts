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
