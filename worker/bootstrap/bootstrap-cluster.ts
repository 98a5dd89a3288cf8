/** Brings a cluster's initial objects into being, or up to date. May be repeated at any time. */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Status } from '../../schema/meta/status.ts';
import type { Answer, ListRequest, WriteRequest } from '../../schema/protocol/shard.ts';
import { wholeList } from '../../schema/protocol/whole-list.ts';
import { systemUser } from '../../schema/protocol/user-info.ts';
import { newSigningKeysSecret } from '../authn/signing-keys.ts';
import { type InitialObjects, initialObjects } from './initial-objects.ts';
import { maintained } from './upkeep.ts';

/** How bootstrap reaches the shards. */
export interface BootstrapPorts {
  /** Whether the kind is served: what is not is left out. */
  serves(resource: GroupResource): boolean;
  list(request: ListRequest): Promise<Answer>;
  writeAll(namespace: string, requests: readonly WriteRequest[]): Promise<readonly Answer[]>;
}

const WRITER = systemUser('apiserver');

function existingByName(answer: Answer): ReadonlyMap<string, UntypedObject> {
  if (answer.code !== 200) throw new Error(`bootstrap cannot list: ${answer.code} ${answer.body.slice(0, 200)}`);
  const { items } = JSON.parse(answer.body) as { items: UntypedObject[] };
  return new Map(items.map((item) => [item.metadata.name ?? '', item]));
}

const listRequest = ({ resource, namespace, objects }: InitialObjects): ListRequest => ({
  verb: 'list',
  resource,
  apiVersion: objects[0]?.apiVersion ?? 'v1',
  namespace,
  user: WRITER,
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
});

/** The writes that make what exists into what is wanted. */
export function bootstrapWrites(
  initial: InitialObjects,
  existing: ReadonlyMap<string, UntypedObject>,
): readonly WriteRequest[] {
  return initial.objects.flatMap((wanted): WriteRequest[] => {
    const name = wanted.metadata.name ?? '';
    const base = {
      resource: initial.resource,
      apiVersion: wanted.apiVersion,
      namespace: initial.namespace,
      user: WRITER,
      dryRun: false,
      fieldManager: 'kube-apiserver',
      name,
    };
    const present = existing.get(name);
    if (present === undefined) return [{ ...base, verb: 'create', body: JSON.stringify(wanted) }];
    const next = maintained(initial.upkeep, { ...present, apiVersion: wanted.apiVersion, kind: wanted.kind }, wanted);
    return next === undefined ? [] : [{ ...base, verb: 'update', body: JSON.stringify(next) }];
  });
}

/** 409: someone else was quicker, with the same. */
function refusal(answers: readonly Answer[]): string | undefined {
  const bad = answers.find(({ code }) => code >= 400 && code !== 409);
  return bad && `${bad.code} ${(JSON.parse(bad.body) as Status).message}`;
}

/**
 * Rejects when something could not be made: the caller tries again later. What follows is made all the
 * same: a cluster whose Secrets cannot be opened serves everything else.
 */
export async function bootstrapCluster(
  ports: BootstrapPorts,
  config: { readonly apiServerUrl: string },
): Promise<void> {
  const signingKeys = await newSigningKeysSecret();
  const failures: unknown[] = [];
  for (const initial of initialObjects({ ...config, signingKeys })) {
    if (initial.objects.length === 0 || !ports.serves(initial.resource)) continue;
    await bootstrapKind(ports, initial).catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function bootstrapKind(ports: BootstrapPorts, initial: InitialObjects): Promise<void> {
  const request = listRequest(initial);
  const first = await ports.list(request);
  const existing = existingByName(await wholeList(first, (token) => ports.list({ ...request, continue: token })));
  const writes = bootstrapWrites(initial, existing);
  if (writes.length === 0) return;
  const why = refusal(await ports.writeAll(initial.namespace, writes));
  if (why !== undefined) throw new Error(`bootstrap of ${initial.resource}: ${why}`);
}
