import { describe, expect, test } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { type Environment, environment, type EnvironmentInput, type Service } from './environment.ts';
import { expand } from './expansion.ts';
import type { Container } from './pod.ts';
import { testPod } from './testing-pods.ts';

const object = (data: Record<string, string>): UntypedObject => ({ apiVersion: 'v1', kind: 'X', metadata: {}, data });
const CONFIG = object({ color: 'red', size: 'big' });
const SECRET = object({ pin: Buffer.from('42').toString('base64') });

function make(container: Partial<Container>, more: Partial<EnvironmentInput> = {}): Environment {
  return environment({
    pod: testPod({ serviceAccountName: 'robot' }, { labels: { app: 'x' }, annotations: { note: 'n' } }),
    container: { name: 'main', ...container },
    facts: { nodeName: 'n1', hostIPs: ['192.0.2.1'], podIPs: ['10.0.0.5'], allocatable: { cpu: '2', memory: '1Gi' } },
    configMap: (name) => (name === 'settings' ? CONFIG : undefined),
    secret: (name) => (name === 'keys' ? SECRET : undefined),
    services: [],
    apiServer: { host: '192.0.2.9', port: 6443 },
    ...more,
  });
}
const values = (made: Environment): Record<string, string> => {
  if (!made.ok) throw new Error(made.message);
  return Object.fromEntries(made.variables.map((v) => [v.name, v.value]));
};
const failure = (made: Environment): string => (made.ok ? '' : made.message);

describe('the environment of a container', () => {
  test('values may use earlier values and Services', () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A)-$(LATER)-$$(A)-$(KUBERNETES_SERVICE_HOST)' },
      { name: 'LATER', value: 'x' },
    ];
    expect(values(make({ env }))).toMatchObject({ B: 'a-$(LATER)-$(A)-192.0.2.9' });
  });

  test('whole objects with a prefix, then single keys over them', () => {
    const made = values(
      make({
        envFrom: [
          { prefix: 'P_', configMapRef: { name: 'settings' } },
          { secretRef: { name: 'keys' } },
          { configMapRef: { name: 'none', optional: true } },
        ],
        env: [{ name: 'P_color', valueFrom: { configMapKeyRef: { name: 'settings', key: 'size' } } }],
      }),
    );
    expect(made).toMatchObject({ P_color: 'big', P_size: 'big', pin: '42' });
  });

  test.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'u1'],
    ["metadata.labels['app']", 'x'],
    ["metadata.annotations['note']", 'n'],
    ['spec.nodeName', 'n1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '192.0.2.1'],
    ['status.podIP', '10.0.0.5'],
  ])('field %s is %s', (fieldPath, value) => {
    expect(values(make({ env: [{ name: 'F', valueFrom: { fieldRef: { fieldPath } } }] }))).toMatchObject({ F: value });
  });

  test.each([
    ['limits.cpu', '1m', '500'],
    ['limits.cpu', undefined, '1'],
    ['requests.cpu', '1m', '250'],
    ['limits.memory', '1Mi', '64'],
    ['limits.ephemeral-storage', '1', '0'],
  ])('resource %s in units of %s is %s', (resource, divisor, value) => {
    const resources = { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '250m' } };
    const made = make({ resources, env: [{ name: 'R', valueFrom: { resourceFieldRef: { resource, divisor } } }] });
    expect(values(made)).toMatchObject({ R: value });
  });

  test('limits that are not set are the node’s', () => {
    const made = make({
      env: [{ name: 'R', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } }],
    });
    expect(values(made)).toMatchObject({ R: '1024' });
  });

  test.each([
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      "couldn't find key k in ConfigMap default/settings",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }] },
      "couldn't find key k in Secret default/keys",
    ],
  ])('%j fails: %s', (container, message) => {
    expect(failure(make(container))).toBe(message);
  });

  test('optional references that lead nowhere set nothing', () => {
    const made = values(
      make({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k', optional: true } } }] }),
    );
    expect('A' in made).toBe(false);
  });

  test('Services of the namespace, as links', () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'my-db' },
      spec: { clusterIP: '10.96.0.7', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
    } as Service;
    const headless = {
      ...service,
      metadata: { name: 'none' },
      spec: { ...service.spec, clusterIP: 'None' },
    } as Service;
    const made = values(make({}, { services: [service, headless] }));
    expect(made).toMatchObject({
      MY_DB_SERVICE_HOST: '10.96.0.7',
      MY_DB_SERVICE_PORT: '5432',
      MY_DB_SERVICE_PORT_SQL: '5432',
      MY_DB_PORT: 'tcp://10.96.0.7:5432',
      MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
      KUBERNETES_SERVICE_PORT: '6443',
    });
    expect(Object.keys(made).some((name) => name.startsWith('NONE'))).toBe(false);
    const unlinked = values(make({}, { services: [service], pod: testPod({ enableServiceLinks: false }) }));
    expect('MY_DB_PORT' in unlinked).toBe(false);
    expect(unlinked).toMatchObject({ KUBERNETES_SERVICE_HOST: '192.0.2.9' });
  });
});

test.each([
  ['$(A)', 'a'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$a'],
  ['$(NONE)', '$(NONE)'],
  ['$(A', '$(A'],
  ['a$', 'a$'],
  ['$(A)$(A)', 'aa'],
])('%s expands to %s', (text, wanted) => {
  expect(expand(text, (name) => (name === 'A' ? 'a' : undefined))).toBe(wanted);
});
