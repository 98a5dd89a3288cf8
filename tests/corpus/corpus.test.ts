/** Every row of the corpus, sent over TLS to a running cluster. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ApiCalls } from '../clients/api-calls.ts';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import {
  at,
  type Base,
  bases,
  causeOf,
  type Changes,
  changed,
  corpus,
  filledIn,
  messageOf,
  type Row,
} from './corpus-rows.ts';

const CORPUS_ROWS_MIN = 300;

let cluster: RunningCluster;
let calls: ApiCalls;

beforeAll(async () => {
  cluster = await startCluster();
  calls = new ApiCalls(cluster);
  for (const { name } of corpus) {
    await calls.call('POST', '/api/v1/namespaces', { body: { metadata: { name: namespaceOf(name) } } });
  }
});
afterAll(async () => {
  await calls?.close();
  await cluster?.remove();
});

const namespaceOf = (file: string): string => `corpus-${file}`;

type Method = Parameters<ApiCalls['call']>[0];
type Values = Readonly<Record<string, string>>;

function baseOf(name: string): Base {
  const base = bases[name];
  if (!base) throw new Error(`no base ${name}`);
  return base;
}

function named(base: Base, name: string, values: Values, ...changes: readonly (Changes | undefined)[]): unknown {
  const object = changed(base.object, { '/metadata/name': name });
  return filledIn(
    changes.reduce((made: unknown, change) => changed(made, change), object),
    values,
  );
}

const collectionOf = (base: Base, values: Values): string => base.path.replace('{ns}', values.ns as string);

async function prepare(base: Base, name: string, values: Values, changes?: Changes): Promise<Answer['json']> {
  const answer = await calls.call('POST', collectionOf(base, values), { body: named(base, name, values, changes) });
  expect(answer.code, `set-up of ${name}: ${answer.text}`).toBe(201);
  return answer.json;
}

interface Sent {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
}

const METHODS = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

/** The request of a row, what it needs made before; `values` learn what was made. */
async function requestOf(row: Row, values: Record<string, string>): Promise<Sent> {
  for (const { create, name, with: changes } of row.setup ?? []) {
    await prepare(baseOf(create), name ?? row.id, values, changes);
  }
  if (row.request) {
    const [method, path] = filledIn(row.request, values).split(' ') as [Method, string];
    return { method, path, body: filledIn(row.body, values) };
  }
  const action = (Object.keys(METHODS) as (keyof typeof METHODS)[]).find((key) => row[key]);
  if (!action) throw new Error(`${row.id} asks for nothing`);
  const base = baseOf(row[action] as string);
  const method = METHODS[action];
  if (action === 'create') {
    return { method, path: collectionOf(base, values), body: row.body ?? named(base, row.id, values, row.with) };
  }
  const made = await prepare(base, row.id, values, row.from);
  values.uid = made.metadata.uid;
  values.rv = made.metadata.resourceVersion;
  const path = `${collectionOf(base, values)}/${row.id}${row.subresource ? `/${row.subresource}` : ''}`;
  if (action !== 'update') return { method, path, body: filledIn(row.body, values) };
  const latest = (await calls.call('GET', path)).json;
  return { method, path, body: row.body ?? filledIn(changed(latest, row.with), values) };
}

async function send(row: Row, values: Record<string, string>): Promise<Answer> {
  const { method, path, body } = await requestOf(row, values);
  const query = row.query ? `?${filledIn(row.query, values)}` : '';
  const patchType = row.patch ? 'application/strategic-merge-patch+json' : undefined;
  const type = row.type ?? patchType;
  return calls.call(method, `${path}${query}`, {
    ...(body === undefined ? {} : { body }),
    headers: {
      ...(type ? { 'content-type': type } : {}),
      ...(row.accept ? { accept: row.accept } : {}),
      ...row.headers,
    },
  });
}

const kindOf = (row: Row): string => {
  const { kind, apiVersion } = baseOf((row.create ?? row.update ?? row.patch) as string).object;
  const group = String(apiVersion).includes('/') ? `.${String(apiVersion).split('/')[0]}` : '';
  return `${String(kind)}${group}`;
};

const fieldsOf = (status: Answer['json']): unknown =>
  status.details?.causes?.map((cause: { field?: string }) => cause.field);

function checkFailure(row: Row, answer: Answer, values: Values): void {
  const errors = filledIn(row.errors ?? [], values);
  const message = errors.length
    ? `${filledIn(row.subject ?? `${kindOf(row)} "${row.id}"`, values)} is invalid: ${messageOf(errors)}`
    : filledIn(row.message, values);
  const status = answer.json ?? {};
  const seen = {
    code: answer.code,
    reason: status.reason ?? '',
    message: status.message,
    causes: status.details?.causes,
  };
  expect(seen, answer.text).toEqual({
    code: errors.length ? 422 : row.code,
    reason: errors.length ? 'Invalid' : (row.reason ?? ''),
    message: message ?? seen.message,
    causes: errors.length ? errors.map(causeOf) : (filledIn(row.causes, values) ?? seen.causes),
  });
  if (row.at) expect(fieldsOf(status), answer.text).toEqual(row.at);
  expect(status).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code: answer.code,
  });
}

function checkSuccess(row: Row, answer: Answer, values: Values): void {
  expect(answer.code, answer.text).toBe(row.code ?? (row.create ? 201 : 200));
  const pointers = Object.entries(filledIn(row.fields ?? {}, values));
  const seen = Object.fromEntries(pointers.map(([pointer]) => [pointer, at(answer.json, pointer)]));
  expect(seen, answer.text).toEqual(Object.fromEntries(pointers));
  for (const pointer of row.absent ?? [])
    expect(at(answer.json, pointer), `${pointer} in ${answer.text}`).toBeUndefined();
}

const warningsOf = ({ headers }: Answer): string[] =>
  [headers.warning ?? []]
    .flat()
    .flatMap((header) => [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)])
    .map(([, text]) => (text as string).replace(/\\(.)/g, '$1'));

describe.each(corpus)('$name', ({ name, rows }) => {
  test.for(rows)('$id: $what', async (row) => {
    const values = { name: row.id, ns: namespaceOf(name) };
    const answer = await send(row, values);
    if (row.errors || (row.code ?? 0) >= 400) checkFailure(row, answer, values);
    else checkSuccess(row, answer, values);
    if (row.warnings) expect(warningsOf(answer)).toEqual(filledIn(row.warnings, values));
  });
});

describe('the corpus', () => {
  const ids = corpus.flatMap(({ rows }) => rows.map(({ id }) => id));

  test('[W1] has rows enough, each with an id of its own', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(CORPUS_ROWS_MIN);
  });
});
