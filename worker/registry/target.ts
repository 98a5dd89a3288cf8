/** What a write is aimed at: the kind, the served version, and whose rules apply. */
import type { GroupResource, KubeObject, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ObjectMetaRules } from '../../schema/meta/object-meta-validation.ts';
import type { ResourceDefinition, ServedVersion, StrategyContext, UpdateStrategy } from '../../schema/meta/resource.ts';
import { qualifiedResource, servedVersionOf } from '../../schema/meta/served-version.ts';
import { failure, type Result, type Status } from '../../schema/meta/status.ts';
import type { WriteRequest } from '../../schema/protocol/shard.ts';
import { BroughtVerdicts } from './brought-verdicts.ts';
import { mayUseSigner } from './signer-permission.ts';
import type { AdmissionAttributes, AdmissionOperation, RegistryEnvironment } from './environment.ts';
import type { StoreTransaction } from './transaction.ts';

/** One request under way. `warnings` collects texts for the `Warning` headers, `auditAnnotations` what admission says for the audit log. */
export interface WriteContext {
  readonly request: Omit<WriteRequest, 'verb'>;
  readonly definition: ResourceDefinition;
  /** Absent: the request uses the stored version. */
  readonly served: ServedVersion | undefined;
  /** The resource as error texts name it: in the group of the request. */
  readonly qualified: GroupResource;
  readonly subresource: string;
  readonly tx: StoreTransaction;
  readonly env: RegistryEnvironment;
  readonly strategy: StrategyContext;
  /** Absent: the writer may do everything. */
  readonly authorization: BroughtVerdicts | undefined;
  readonly warnings: string[];
  /** For the audit event, from admission. */
  readonly auditAnnotations: Map<string, string>;
  /** What admission wants written with the object; see `AdmissionAttributes.alsoWrite`. */
  readonly alongside: ((tx: StoreTransaction) => void)[];
}

/** What a write came to: the object (or Status) to answer, in its stored form. */
export interface Written {
  readonly code: number;
  readonly object: KubeObject | DeletedStatus;
}

/** Success of a delete that removed the object. Source: registry/store.go finalizeDelete. */
export interface DeletedStatus {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Success';
  readonly details: { readonly name: string; readonly group?: string; readonly kind: string; readonly uid?: string };
}

export function writeContext(
  request: Omit<WriteRequest, 'verb'> & { readonly verb: string },
  tx: StoreTransaction,
  env: RegistryEnvironment,
): WriteContext | undefined {
  const definition = env.definition(request.resource);
  if (!definition) return undefined;
  const served = servedVersionOf(definition, request.apiVersion);
  const authorization = mayDoAnything(request) ? undefined : new BroughtVerdicts(request);
  const group = served ? served.group : definition.group;
  return {
    request,
    definition,
    served,
    qualified: qualifiedResource(definition.plural, group),
    subresource: request.subresource ?? '',
    tx,
    env,
    strategy: {
      now: env.now,
      user: request.user,
      apiVersion: request.apiVersion,
      mayUseSigner: mayUseSigner(authorization),
      verifySignature: env.verifySignature,
      namespaceLabels: () => labelsOf(tx.config('namespaces', request.namespace)),
      ...(authorization ? { authorization } : {}),
    },
    authorization,
    warnings: [],
    auditAnnotations: new Map(),
    alongside: [],
  };
}

const labelsOf = (object: UntypedObject | undefined): Record<string, string> | undefined =>
  object && (object.metadata.labels ?? {});

const mayDoAnything = ({ user }: Omit<WriteRequest, 'verb'>): boolean => user.groups.includes('system:masters');

/** The rules of the object itself or of one of its subresources; undefined where it has no such one. */
export function updateStrategyOf(
  definition: ResourceDefinition,
  subresource: string,
): UpdateStrategy<UntypedObject> | undefined {
  if (subresource === '' || (subresource === 'scale' && definition.scale)) return definition.update;
  if (subresource === 'status') return definition.status;
  return Object.hasOwn(definition.updateSubresources, subresource)
    ? definition.updateSubresources[subresource]
    : undefined;
}

/** What ObjectMeta validation must know of a kind; made once per kind. */
export function metaRules(definition: ResourceDefinition): ObjectMetaRules {
  const known = rulesOf.get(definition);
  if (known) return known;
  const rules: ObjectMetaRules = {
    isNamespaced: definition.scope === 'Namespaced',
    validateName: definition.validateName,
    isBuiltIn: true,
  };
  rulesOf.set(definition, rules);
  return rules;
}

const rulesOf = new WeakMap<ResourceDefinition, ObjectMetaRules>();

/** The namespace that admission sees: a Namespace counts as lying in itself. */
const admissionNamespace = (context: WriteContext, name: string): string =>
  context.definition.key === 'namespaces' ? name : context.request.namespace;

interface AdmissionObjects {
  readonly operation: AdmissionOperation;
  readonly name: string;
  readonly object?: KubeObject | undefined;
  readonly oldObject?: UntypedObject | undefined;
  readonly deleteOptions?: AdmissionAttributes['deleteOptions'];
}

export function admissionAttributes(context: WriteContext, of: AdmissionObjects): AdmissionAttributes {
  return {
    operation: of.operation,
    resource: context.definition.key,
    definition: context.definition,
    subresource: context.subresource,
    name: of.name,
    namespace: admissionNamespace(context, of.name),
    object: of.object,
    oldObject: of.oldObject,
    deleteOptions: of.deleteOptions,
    dryRun: context.request.dryRun,
    user: context.request.user,
    writerNodeUid: context.request.writerNodeUid,
    now: context.env.now,
    mayUseSigner: mayUseSigner(context.authorization),
    warn: (text) => context.warnings.push(text),
    annotate: (key, value) => {
      if (!context.auditAnnotations.has(key)) context.auditAnnotations.set(key, value);
    },
    alsoWrite: (write) => context.alongside.push(write),
  };
}

/** Stores the object, and with it what admission asked for. */
export function putAdmitted(context: WriteContext, object: UntypedObject): UntypedObject {
  const { tx, definition, alongside, request } = context;
  for (const write of alongside) write(tx);
  return tx.put(definition.key, object, 'patchType' in request && request.patchType === 'apply');
}

/** 404 for a path below a kind that the kind does not serve. */
export const unknownPath = (): Status =>
  failure({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} });

export type WriteResult = Result<Written>;
