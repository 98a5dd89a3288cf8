/** The names OpenAPI gives types: `V1PodSpec` of the field table is `io.k8s.api.core.v1.PodSpec`. */
import { versionAndName } from '../../../schema/decode/field-table.ts';
import { TYPES_BY_PACKAGE } from '../../../schema/generated/schema-names.ts';

const packages: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES_BY_PACKAGE).flatMap(([home, types]) => types.split(' ').map((type) => [type, home] as const)),
);

/** Types that are one code of the field table, under names of their own. */
export const SCALAR_NAMES = {
  FieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  MicroTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  Patch: 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch',
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  Time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
} as const;

export type ScalarName = keyof typeof SCALAR_NAMES;

export const isScalarName = (type: string): type is ScalarName => Object.hasOwn(SCALAR_NAMES, type);

export function schemaName(type: string): string {
  if (isScalarName(type)) return SCALAR_NAMES[type];
  const home = packages.get(type);
  return home ? `${home}.${versionAndName(type).name}` : `io.k8s.api.${type}`;
}

/** The package of an API group's types. */
const packageOf = (group: string, version: string): string =>
  `io.k8s.api.${group === '' ? 'core' : group.split('.')[0]}.${version}`;

let byKind: ReadonlyMap<string, string> | undefined;

/** The type of a group's kind; undefined where the field table has none. */
export function typeOfKind(group: string, version: string, kind: string): string | undefined {
  byKind ??= new Map([...packages.keys()].map((type) => [schemaName(type), type]));
  return byKind.get(`${packageOf(group, version)}.${kind}`);
}
