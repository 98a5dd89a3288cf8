/**
 * Messages print whole structs of upstream's internal types: every field, under its Go name, in
 * declaration order, absent pointers as null.
 */
import type { LabelSelectorObject } from '../../../meta/label-selector.ts';

const MAPS = new Set(['annotations', 'labels', 'limits', 'matchLabels', 'nodeSelector', 'overhead', 'requests']);
const EXCEPTIONS: Readonly<Record<string, string>> = {
  seLinuxOptions: 'SELinuxOptions',
  gmsaCredentialSpec: 'GMSACredentialSpec',
  gmsaCredentialSpecName: 'GMSACredentialSpecName',
  dnsConfig: 'DNSConfig',
  dnsPolicy: 'DNSPolicy',
  fsGroup: 'FSGroup',
  hostIPC: 'HostIPC',
  hostPID: 'HostPID',
  httpGet: 'HTTPGet',
  ip: 'IP',
  os: 'OS',
  tcpSocket: 'TCPSocket',
  tty: 'TTY',
};

const goName = (name: string): string => EXCEPTIONS[name] ?? `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;

/** A value to hand to `invalid`: `fields` of `object` under their Go names. Nested objects show what they have. */
export function goStruct<T extends object>(object: T, fields: readonly (keyof T & string)[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((name) => [goName(name), goNamed(object[name])]));
}

/** A decoded value under Go names, with what it has. */
export function goNamed(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(goNamed);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [goName(name), MAPS.has(name) ? member : goNamed(member)]),
  );
}

/** Maps print with sorted keys, absent ones as null. */
export function goMap(map: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> | null {
  return map ? Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))) : null;
}

type Expression = NonNullable<LabelSelectorObject['matchExpressions']>[number];

const goExpression = ({ key = '', operator = '', values = [] }: Expression): object => ({
  key,
  operator,
  ...(values.length > 0 ? { values } : {}),
});

/** Selectors print without what is empty. */
export const goSelector = ({ matchLabels = {}, matchExpressions = [] }: LabelSelectorObject): object => ({
  ...(Object.keys(matchLabels).length > 0 ? { matchLabels: goMap(matchLabels) } : {}),
  ...(matchExpressions.length > 0 ? { matchExpressions: matchExpressions.map(goExpression) } : {}),
});
