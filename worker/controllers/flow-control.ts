/**
 * Keeps flow control's configuration whole: says of each FlowSchema whether its level exists, makes the
 * objects again that every cluster has, and brings suggested ones back to what is suggested unless their
 * annotation says otherwise. Source: apiserver util/flowcontrol (presyncFlowSchemaStatus),
 * pkg/registry/flowcontrol/ensurer.
 */
import { semanticEqual } from '../../schema/meta/deep-equal.ts';
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import { formatTime } from '../../schema/meta/time.ts';
import {
  AUTO_UPDATE_ANNOTATION,
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  type Named,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../schema/resources/flowcontrol/bootstrap-objects.ts';
import type { FlowSchema } from '../../schema/resources/flowcontrol/flow-schema.ts';
import type { StoreReader } from '../registry/transaction.ts';
import { type Controller, type ControllerWrite, defineController } from './controller.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';
const SCHEMAS = `flowschemas.${GROUP}`;
const LEVELS = `prioritylevelconfigurations.${GROUP}`;

const asSchema = (object: UntypedObject): FlowSchema => object as KubeObject as FlowSchema;
const levelOf = (schema: FlowSchema): string => schema.spec?.priorityLevelConfiguration?.name ?? '';

/** The schema with what its level is, if that is news. */
function withLevelStatus(schema: FlowSchema, isFound: boolean, now: number): FlowSchema | undefined {
  const start = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(levelOf(schema))}`;
  const wanted = isFound
    ? { status: 'False', reason: 'Found', message: `${start} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${start} but there is no such object` };
  const conditions = schema.status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Dangling');
  const { status, reason, message } = known ?? {};
  if (known && semanticEqual({ status, reason, message }, wanted)) return undefined;
  const condition = { type: 'Dangling', ...wanted, lastTransitionTime: formatTime(now) };
  const others = conditions.filter(({ type }) => type !== 'Dangling');
  return { ...schema, status: { ...schema.status, conditions: [...others, condition] } };
}

const schemasOf = (view: StoreReader, level: string): readonly string[] =>
  view
    .list(SCHEMAS)
    .filter((schema) => levelOf(asSchema(schema)) === level)
    .map(({ metadata }) => metadata.name ?? '');

export const flowSchemaStatusController = defineController({
  name: 'api-priority-and-fairness-config-consumer-v1',
  for: SCHEMAS,
  owns: [],
  watches: [
    {
      resource: LEVELS,
      keys: (level, _previous, view, type) => (type === 'MODIFIED' ? [] : schemasOf(view, level.metadata.name ?? '')),
    },
  ],
  reconcile(view, name, { now }) {
    const stored = view.get(SCHEMAS, name);
    if (!stored || stored.metadata.deletionTimestamp) return { writes: [] };
    const schema = asSchema(stored);
    const next = withLevelStatus(schema, view.get(LEVELS, levelOf(schema)) !== undefined, now);
    if (!next) return { writes: [] };
    const object = next as KubeObject as UntypedObject;
    return { writes: [{ op: 'update', resource: SCHEMAS, object, subresource: 'status' }] };
  },
});

interface Kept {
  readonly resource: GroupResource;
  readonly kind: string;
  readonly mandatory: readonly Named<unknown>[];
  readonly suggested: readonly Named<unknown>[];
}

const KEPT: readonly Kept[] = [
  {
    resource: LEVELS,
    kind: 'PriorityLevelConfiguration',
    mandatory: MANDATORY_PRIORITY_LEVELS,
    suggested: SUGGESTED_PRIORITY_LEVELS,
  },
  { resource: SCHEMAS, kind: 'FlowSchema', mandatory: MANDATORY_FLOW_SCHEMAS, suggested: SUGGESTED_FLOW_SCHEMAS },
];

const objectOf = (kind: string, { name, spec }: Named<unknown>): UntypedObject => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name, annotations: { [AUTO_UPDATE_ANNOTATION]: 'true' } },
  spec: structuredClone(spec),
});

/** What a cluster begins with, levels before the schemas that lead to them. */
export const initialFlowControl = (): readonly {
  readonly resource: GroupResource;
  readonly objects: readonly UntypedObject[];
}[] =>
  KEPT.map(({ resource, kind, mandatory, suggested }) => ({
    resource,
    objects: [...mandatory, ...suggested].map((named) => objectOf(kind, named)),
  }));

/** The annotation's word; without one, whether nobody has changed the object yet. */
function isAutoUpdated({ metadata }: UntypedObject): boolean {
  const said = metadata.annotations?.[AUTO_UPDATE_ANNOTATION];
  return said === undefined ? metadata.generation === 1 : said === 'true';
}

/** A suggested object as it is to be; undefined when it may stay. */
function maintained(stored: UntypedObject, wanted: Named<unknown>): UntypedObject | undefined {
  const isAuto = isAutoUpdated(stored);
  const spec = isAuto ? structuredClone(wanted.spec) : stored['spec'];
  const said = String(isAuto);
  const isSame = stored.metadata.annotations?.[AUTO_UPDATE_ANNOTATION] === said && semanticEqual(stored['spec'], spec);
  if (isSame) return undefined;
  const annotations = { ...stored.metadata.annotations, [AUTO_UPDATE_ANNOTATION]: said };
  return { ...stored, metadata: { ...stored.metadata, annotations }, spec };
}

const keeper = ({ resource, kind, mandatory, suggested }: Kept): Controller =>
  defineController({
    name: `priority-and-fairness-config-producer-${resource}`,
    for: resource,
    owns: [],
    reconcile(view, name) {
      const fixed = mandatory.find((named) => named.name === name);
      const wanted = fixed ?? suggested.find((named) => named.name === name);
      if (!wanted) return { writes: [] };
      const stored = view.get(resource, name);
      if (!stored) return { writes: [{ op: 'create', resource, object: objectOf(kind, wanted) }] };
      if (stored.metadata.deletionTimestamp || fixed) return { writes: [] };
      const object = maintained(stored, wanted);
      const writes: ControllerWrite[] = object ? [{ op: 'update', resource, object }] : [];
      return { writes };
    },
  });

export const flowControlKeepers: readonly Controller[] = KEPT.map(keeper);
