/**
 * Structs as upstream's error texts print them: members in the order of the Go type. Its wire types
 * leave out what is empty, its internal ones show every member under its Go name.
 */

/** By struct: members with what they hold when empty (s "", i 0, n null, m null for maps); `!` is on the wire even so. */
const STRUCTS = {
  CELDeviceSelector: 'expression!:s',
  CapacityRequirements: 'requests:m',
  ClaimConsumer: 'apiGroup:s resource!:s name!:s uid!:s',
  Condition: 'type!:s status!:s observedGeneration:i lastTransitionTime!:n reason!:s message!:s',
  CounterSet: 'name!:s counters:m',
  DeviceClaim: 'requests!:DeviceRequest constraints:DeviceConstraint config:DeviceConfiguration',
  DeviceConfiguration: 'requests:n opaque:Opaque',
  DeviceConstraint: 'requests:n matchAttribute:n distinctAttribute:n',
  DeviceCounterConsumption: 'counterSet!:s counters:m',
  DeviceRequest: 'name!:s exactly:ExactRequest firstAvailable:SubRequest',
  DeviceSelector: 'cel:CELDeviceSelector',
  DeviceStatus: 'driver!:s pool!:s device!:s shareID:n conditions!:Condition data:n networkData:NetworkData',
  DeviceToleration: 'key:s operator:s value:s effect:s tolerationSeconds:n',
  ExactRequest:
    'deviceClassName!:s selectors:DeviceSelector allocationMode:s count:i adminAccess:n tolerations:DeviceToleration capacity:CapacityRequirements derivedAttributes:n',
  NetworkData: 'interfaceName:s ips:n hardwareAddress:s',
  NodeSelectorRequirement: 'key!:s operator!:s values:n',
  NodeSelectorTerm: 'matchExpressions:NodeSelectorRequirement matchFields:NodeSelectorRequirement',
  Opaque: 'driver!:s parameters!:n',
  SubRequest:
    'name!:s deviceClassName!:s selectors:DeviceSelector allocationMode:s count:i tolerations:DeviceToleration capacity:CapacityRequirements derivedAttributes:n',
} as const;

export type StructName = keyof typeof STRUCTS;

interface Member {
  readonly name: string;
  readonly isAlwaysThere: boolean;
  readonly struct: StructName | undefined;
  readonly isMap: boolean;
  readonly empty: unknown;
}

const EMPTY: Readonly<Record<string, unknown>> = { s: '', i: 0 };

const MEMBERS: ReadonlyMap<string, readonly Member[]> = new Map(
  Object.entries(STRUCTS).map(([struct, text]) => [struct, text.split(' ').map(memberOf)]),
);

function memberOf(text: string): Member {
  const [, name = '', mark, code = ''] = /^(\w+)(!?):(\w+)$/.exec(text) ?? [];
  const struct = Object.hasOwn(STRUCTS, code) ? (code as StructName) : undefined;
  return { name, isAlwaysThere: mark === '!', struct, isMap: code === 'm', empty: EMPTY[code] ?? null };
}

const GO_NAMES: Readonly<Record<string, string>> = { apiGroup: 'APIGroup', cel: 'CEL', ips: 'IPs', uid: 'UID' };
const goName = (name: string): string => GO_NAMES[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

type Fields = Readonly<Record<string, unknown>>;

/** Members that clients chose the names of come in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isEmpty = (value: unknown, isMap: boolean): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  (Array.isArray(value) ? value.length === 0 : isMap && Object.keys(value as object).length === 0);

function printed(struct: StructName, value: unknown, isWire: boolean): unknown {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((item) => printed(struct, item, isWire));
  const members = MEMBERS.get(struct) ?? [];
  return Object.fromEntries(
    members.flatMap(({ name, isAlwaysThere, struct: inner, isMap, empty }) => {
      const member = (value as Fields)[name] ?? empty;
      if (isWire && !isAlwaysThere && isEmpty(member, isMap)) return [];
      const shown = inner ? printed(inner, member, isWire) : sorted(member);
      return [[isWire ? name : goName(name), shown] as const];
    }),
  );
}

/** A struct, or a list of them, as its wire type prints. */
export const printWire = (struct: StructName, value: unknown): unknown => printed(struct, value, true);

/** The same as the internal type prints. */
export const printInternal = (struct: StructName, value: unknown): unknown => printed(struct, value, false);
