/**
 * `componentstatuses`: whether the parts of the control plane answer, under upstream's names. Storage and
 * controllers live in the shards, scheduling in the hub. Source: pkg/registry/core/componentstatus.
 */
import type { KubeObject } from '../../../schema/meta/object-meta.ts';
import type { ResourceDefinition } from '../../../schema/meta/resource.ts';
import { notFound } from '../../../schema/meta/status.ts';
import { type ComponentStatus, componentStatus } from '../../../schema/resources/core/component-status.ts';
import type { Env } from '../../env.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { answerForm } from '../negotiation/answer-form.ts';
import { allowsObjectForms } from '../answers/object-forms.ts';
import { respond } from '../objects/respond.ts';
import type { ServedResource } from '../served/served-resources.ts';
import { hubOf, shardOf } from '../stores.ts';
import type { VirtualResource } from './virtual-resource.ts';

const { group, version, kind, listKind, plural, singular, scope, verbs, shortNames } = componentStatus;

const RESOURCE: ServedResource = {
  definition: componentStatus as unknown as ResourceDefinition,
  served: undefined,
  group,
  version,
  apiVersion: version,
  qualified: plural,
  schema: componentStatus.schema,
};

const COMPONENTS: Readonly<Record<string, (env: Env) => Promise<unknown>>> = {
  scheduler: (env) => hubOf(env).revision(),
  'controller-manager': (env) => shardOf(env, '').ready(),
  'etcd-0': (env) => shardOf(env, '').ready(),
};

async function statusOf(name: string, check: (env: Env) => Promise<unknown>, env: Env): Promise<ComponentStatus> {
  const why = await check(env).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const condition =
    why === undefined
      ? { type: 'Healthy', status: 'True', message: 'ok' }
      : { type: 'Healthy', status: 'Unknown', error: why };
  return { kind, apiVersion: version, metadata: { name }, conditions: [condition] };
}

/** As a list holds it. */
const itemOf = ({ kind: _kind, apiVersion: _apiVersion, ...item }: KubeObject): object => item;

async function answer({ info, env }: ApiRequest): Promise<object | undefined> {
  if (info.verb === 'get') {
    const check = Object.hasOwn(COMPONENTS, info.pathName) ? COMPONENTS[info.pathName] : undefined;
    return check && statusOf(info.pathName, check, env);
  }
  const statuses = await Promise.all(Object.entries(COMPONENTS).map(([name, check]) => statusOf(name, check, env)));
  return { kind: listKind, apiVersion: version, metadata: {}, items: statuses.map(itemOf) };
}

async function handle(api: ApiRequest): Promise<Handled> {
  const accepted = answerForm({ headers: api.request.headers, query: api.query }, allowsObjectForms);
  if (!accepted.ok) return accepted.status;
  const object = await answer(api);
  if (!object) return notFound(plural, api.info.pathName);
  return respond(api, RESOURCE, accepted.value, { code: 200, body: JSON.stringify(object) });
}

export const componentStatuses: VirtualResource = {
  group,
  version,
  plural,
  singular,
  kind,
  scope,
  verbs,
  shortNames,
  hasNames: true,
  handle,
};
