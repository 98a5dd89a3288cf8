/**
 * Which FlowSchema a request belongs to, and so which priority level: told in headers of its answer.
 * Nothing is queued or refused by it: each request has an isolate of the platform's own scheduling.
 * Source: apiserver util/flowcontrol rule.go, server/filters/priority-and-fairness.go.
 */
import type { KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { UserInfo } from '../../schema/protocol/user-info.ts';
import { compareFlowSchemas, type FlowSchema } from '../../schema/resources/flowcontrol/flow-schema.ts';
import type { ObjectReader } from '../authn/fresh-objects.ts';
import type { AuthorizationAttributes } from '../authz/attributes.ts';
import { isLongRunning } from '../authz/long-running.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];
type Subject = Rule['subjects'][number];
type ResourceRule = NonNullable<Rule['resourceRules']>[number];
type NonResourceRule = NonNullable<Rule['nonResourceRules']>[number];

const includes = (list: readonly string[], value: string): boolean =>
  (list.length === 1 && list[0] === '*') || list.includes(value);

function isSubject({ kind, user: named, group, serviceAccount }: Subject, user: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return named?.name === '*' || named?.name === user.username;
    case 'Group':
      return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
    case 'ServiceAccount': {
      if (!serviceAccount) return false;
      const namespace = `${SERVICE_ACCOUNT_PREFIX}${serviceAccount.namespace}:`;
      if (serviceAccount.name === '*') return user.username.startsWith(namespace);
      return user.username === `${namespace}${serviceAccount.name}`;
    }
    default:
      return false;
  }
}

function isResourceMeant(rule: ResourceRule, attributes: AuthorizationAttributes): boolean {
  const { verb, resource, subresource, apiGroup, namespace } = attributes;
  const named = subresource ? `${resource}/${subresource}` : resource;
  if (!includes(rule.verbs, verb) || !includes(rule.resources, named) || !includes(rule.apiGroups, apiGroup)) {
    return false;
  }
  return namespace === '' ? rule.clusterScope === true : includes(rule.namespaces ?? [], namespace);
}

function isPathMeant(meant: string, path: string): boolean {
  if (meant === '*' || meant === path) return true;
  const prefix = meant.endsWith('*') ? meant.slice(0, -1) : meant;
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

const isNonResourceMeant = (rule: NonResourceRule, { verb, path }: AuthorizationAttributes): boolean =>
  includes(rule.verbs, verb) && rule.nonResourceURLs.some((meant) => isPathMeant(meant, path));

const isRequestMeant = (rule: Rule, attributes: AuthorizationAttributes): boolean =>
  rule.subjects.some((subject) => isSubject(subject, attributes.user)) &&
  (attributes.resourceRequest
    ? (rule.resourceRules ?? []).some((each) => isResourceMeant(each, attributes))
    : (rule.nonResourceRules ?? []).some((each) => isNonResourceMeant(each, attributes)));

/** The schemas in the order in which they are tried; kept as long as the list itself. */
const inOrder = new WeakMap<readonly UntypedObject[], readonly FlowSchema[]>();

function ordered(objects: readonly UntypedObject[]): readonly FlowSchema[] {
  const known = inOrder.get(objects);
  if (known) return known;
  const schemas = objects.map((object) => object as KubeObject as FlowSchema).sort(compareFlowSchemas);
  inOrder.set(objects, schemas);
  return schemas;
}

export interface Flow {
  readonly flowSchemaUid: string;
  readonly priorityLevelUid: string;
}

/** The first schema that means the request and whose level exists. */
export function flowOf(
  attributes: AuthorizationAttributes,
  schemas: readonly UntypedObject[],
  levels: readonly UntypedObject[],
): Flow | undefined {
  for (const { metadata, spec } of ordered(schemas)) {
    const level = levels.find((candidate) => candidate.metadata.name === spec?.priorityLevelConfiguration.name);
    if (!level || !(spec?.rules ?? []).some((rule) => isRequestMeant(rule, attributes))) continue;
    return { flowSchemaUid: metadata.uid ?? '', priorityLevelUid: level.metadata.uid ?? '' };
  }
  return undefined;
}

/** Watches take turns to begin. */
const takesTurns = (attributes: AuthorizationAttributes): boolean =>
  attributes.verb === 'watch' || !isLongRunning(attributes);

/** What is told of a request's flow is not worth waiting for any longer. */
export const FLOW_MS_MAX = 500;

const flows = new WeakMap<Request, Flow>();

/** Remembers the request's flow for its answer. Never rejects: a request does not fail for this. */
export async function findFlow(
  request: Request,
  attributes: AuthorizationAttributes,
  objects: ObjectReader,
): Promise<void> {
  if (!takesTurns(attributes)) return;
  try {
    const [schemas, levels] = await Promise.all([
      objects.list(`flowschemas.${GROUP}`, ''),
      objects.list(`prioritylevelconfigurations.${GROUP}`, ''),
    ]);
    const flow = flowOf(attributes, schemas, levels);
    if (flow) flows.set(request, flow);
  } catch {
    // Without the objects there is nothing to tell; who needs them says so himself.
  }
}

function setHeaders({ headers }: Response, flow: Flow): void {
  headers.set('x-kubernetes-pf-flowschema-uid', flow.flowSchemaUid);
  headers.set('x-kubernetes-pf-prioritylevel-uid', flow.priorityLevelUid);
}

/** The answer with the headers that tell the request's flow. A protocol switch has no room for them. */
export function withFlow(request: Request, response: Response): Response {
  const flow = flows.get(request);
  if (!flow || response.status === 101) return response;
  try {
    setHeaders(response, flow);
    return response;
  } catch {
    // What came from a Durable Object cannot be changed, and only this way tells so. A copy streams its body: slower.
    const copy = new Response(response.body, response);
    setHeaders(copy, flow);
    return copy;
  }
}
