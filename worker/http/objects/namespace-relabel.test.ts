import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { newlyEnforced } from './namespace-relabel.ts';
import { TestServer } from '../testing/test-server.ts';

const NAMESPACES = '/api/v1/namespaces';
const merge = { 'content-type': 'application/merge-patch+json' };

const labelled = (labels: Record<string, string>): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', labels },
});

describe('the level that pods are newly held to', () => {
  const enforce = (level: string, version = '') => ({
    'pod-security.kubernetes.io/enforce': level,
    ...(version ? { 'pod-security.kubernetes.io/enforce-version': version } : {}),
  });

  it.each<[string, Record<string, string>, Record<string, string>, string | undefined]>([
    ['nothing changes', enforce('baseline'), enforce('baseline'), undefined],
    ['it is set', {}, enforce('baseline'), 'baseline:latest'],
    ['it is raised', enforce('baseline'), enforce('restricted'), 'restricted:latest'],
    ['it is lowered', enforce('restricted'), enforce('baseline'), undefined],
    ['it is given up', enforce('restricted'), {}, undefined],
    ['another version counts', enforce('baseline', 'v1.20'), enforce('baseline', 'v1.34'), 'baseline:34'],
    ['it is lowered to another version', enforce('restricted'), enforce('baseline', 'v1.34'), 'baseline:34'],
    ['only warnings change', {}, { 'pod-security.kubernetes.io/warn': 'restricted' }, undefined],
  ])('when %s', (_name, before, after, level) => {
    const found = newlyEnforced(labelled(before), labelled(after));
    expect(found && `${found.level}:${found.version}`).toBe(level);
  });
});

it('warns whoever relabels a namespace of the pods that do not keep to it', async () => {
  const server = new TestServer();
  await server.request(`POST ${NAMESPACES}`, { body: { metadata: { name: 'shop' } } });
  for (const name of ['a', 'b']) {
    const spec = { hostNetwork: true, containers: [{ name: 'main', image: 'i' }] };
    const made = await server.request(`POST ${NAMESPACES}/shop/pods`, { body: { metadata: { name }, spec } });
    expect(made.status).toBe(201);
  }
  const relabel = (level: string, query = '') =>
    server.request(`PATCH ${NAMESPACES}/shop${query}`, {
      headers: merge,
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } },
    });
  const expected = [
    '299 - "existing pods in namespace \\"shop\\" violate the new PodSecurity enforce level \\"baseline:latest\\""',
    '299 - "a (and 1 other pod): host namespaces"',
  ].join(', ');
  expect((await relabel('baseline', '?dryRun=All')).headers.get('warning')).toBe(expected);
  expect((await relabel('baseline')).headers.get('warning')).toBe(expected);
  expect((await relabel('baseline')).headers.get('warning')).toBeNull();
  expect((await relabel('privileged')).headers.get('warning')).toBeNull();
});
