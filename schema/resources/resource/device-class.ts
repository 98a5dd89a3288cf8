/** DeviceClass. Source: pkg/registry/resource/deviceclass, pkg/apis/resource/validation. */
import type { FieldError } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import { defineResource } from '../../meta/resource.ts';
import { age, ageColumn, nameColumn } from '../printing.ts';
import { selectorsErrors } from './claim-spec-validation.ts';
import { CONFIGS_MAX, declaredClassSpec } from './declared-devices.ts';
import { sameValue } from './declared-rules.ts';
import { configurationErrors } from './device-checks.ts';
import type { ClassSpec, DeviceClass } from './device-types.ts';

const specOf = ({ spec }: DeviceClass): ClassSpec => spec ?? {};

/** What stands as it was stored is valid, whatever the rules are now. */
function validate(deviceClass: DeviceClass, previous: DeviceClass | undefined): FieldError[] {
  const spec = specOf(deviceClass);
  const before = previous && specOf(previous);
  const config = spec.config ?? [];
  const isStored = before !== undefined && sameValue(before.config, config);
  const read = config.length > CONFIGS_MAX ? [] : config;
  return [
    ...selectorsErrors(spec.selectors, 'spec', before !== undefined && sameValue(before.selectors, spec.selectors)),
    ...read.flatMap((configuration, i) => configurationErrors(configuration, `spec.config[${i}]`, isStored)),
    ...declaredClassSpec(spec, before, 'spec'),
  ];
}

export const deviceClass = defineResource<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  singular: 'deviceclass',
  scope: 'Cluster',
  schema: 'V1DeviceClass',
  validateName: nameIsDNSSubdomain,
  defaults(object) {
    object.spec ??= {};
  },
  validate: (object) => validate(object, undefined),
  update: { validateUpdate: validate },
  hasGeneration: true,
  returnsDeletedObject: true,
  table: {
    columns: [nameColumn, ageColumn],
    cells: (object, now) => [object.metadata.name ?? '', age(object, now)],
  },
});
