import { describe, expect, test } from 'vitest';
import { type DecodeOptions, decodeObject } from './decode-object.ts';
import { JSON_DEPTH_MAX } from './json-text.ts';

const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment', schema: 'V1Deployment' };
const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap', schema: 'V1ConfigMap' };

function decode(text: string, options: Partial<DecodeOptions> = {}) {
  return decodeObject(text, { expected: CONFIG_MAP, format: 'json', fieldValidation: 'Strict', ...options });
}

function errorOf(text: string, options: Partial<DecodeOptions> = {}): string | undefined {
  const decoded = decode(text, options);
  return decoded.ok ? undefined : decoded.status.message;
}

const objectOf = (value: unknown, options: Partial<DecodeOptions> = {}) => {
  const decoded = decode(JSON.stringify(value), options);
  if (!decoded.ok) throw new Error(decoded.status.message);
  return decoded.value.object;
};

const asDeployment = { expected: DEPLOYMENT };

describe('what a decoded object is', () => {
  test('kind and apiVersion come from the request where the body names none', () => {
    expect(objectOf({ data: { a: 'b' } })).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {},
      data: { a: 'b' },
    });
  });

  test('null is absent, but in lists and maps it is the empty value', () => {
    const object = objectOf({ metadata: { creationTimestamp: null }, immutable: null, data: { a: null } });
    expect(object).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: {}, data: { a: '' } });
  });

  test('empty lists and maps are left out, save where the encoding always has them', () => {
    const metadata = { name: 'a', labels: {}, annotations: {}, finalizers: [], ownerReferences: [] };
    expect(objectOf({ metadata, data: {} })).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
    const container = { name: 'a', args: [], resources: { limits: {} }, securityContext: { capabilities: {} } };
    const spec = { selector: { matchLabels: {} }, template: { spec: { containers: [container], nodeSelector: {} } } };
    expect(objectOf({ spec }, asDeployment).spec).toEqual({
      selector: {},
      template: { spec: { containers: [{ name: 'a', resources: {}, securityContext: { capabilities: {} } }] } },
    });
    expect(objectOf({ spec: { template: { spec: { containers: [] } } } }, asDeployment).spec as object).toEqual({
      template: { spec: { containers: [] } },
    });
  });

  test('zero values are left out where Go cannot tell them from absent ones', () => {
    const spec = { replicas: 0, minReadySeconds: 0, paused: false, strategy: { type: '' } };
    expect(objectOf({ spec }, asDeployment).spec).toEqual({ replicas: 0, strategy: {} });
    const container = { name: '', stdin: false, workingDir: '', ports: [{ containerPort: 0, hostPort: 0 }] };
    const pod = { hostNetwork: false, hostUsers: false, automountServiceAccountToken: false, containers: [container] };
    expect(objectOf({ spec: { template: { spec: pod } } }, asDeployment).spec).toEqual({
      template: {
        spec: {
          hostUsers: false,
          automountServiceAccountToken: false,
          containers: [{ name: '', ports: [{ containerPort: 0 }] }],
        },
      },
    });
  });

  test('values that the encoding always has are there, given or not', () => {
    const expected = { group: 'apps', version: 'v1', kind: 'StatefulSet', schema: 'V1StatefulSet' };
    expect(objectOf({ spec: { ordinals: {}, template: { spec: { containers: [null] } } } }, { expected }).spec).toEqual(
      {
        serviceName: '',
        ordinals: { start: 0 },
        template: { spec: { containers: [{ name: '' }] } },
      },
    );
  });

  test('quantities, times and base64 are stored as upstream stores them', () => {
    const resources = { limits: { cpu: 1, memory: '0.5Gi' }, requests: { cpu: ' 1000m ' } };
    const object = objectOf(
      {
        metadata: { creationTimestamp: '2020-01-01T02:00:00.5+02:00' },
        spec: { template: { spec: { containers: [{ resources }] } } },
      },
      asDeployment,
    );
    expect(object.metadata.creationTimestamp).toBe('2020-01-01T00:00:00Z');
    expect(JSON.stringify(object.spec)).toContain('{"limits":{"cpu":"1","memory":"512Mi"},"requests":{"cpu":"1"}}');
    expect(objectOf({ binaryData: { a: 'YW\nJj' } }).binaryData).toEqual({ a: 'YWJj' });
  });

  test('a key named __proto__ is a key like any other', () => {
    const decoded = decode('{"data":{"__proto__":"x"},"__proto__":{"y":1}}', { fieldValidation: 'Ignore' });
    if (!decoded.ok) throw new Error(decoded.status.message);
    expect(Object.keys(decoded.value.object.data as object)).toEqual(['__proto__']);
    expect((decoded.value.object as { y?: unknown }).y).toBeUndefined();
  });
});

describe('wrong types', () => {
  test.each([
    [
      { spec: { replicas: 'x' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { spec: { template: { spec: { containers: {} } } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      { spec: { template: { spec: { containers: [{ ports: [{ protocol: 5 }] }] } } } },
      'json: cannot unmarshal number into Go struct field ContainerPort.spec.template.spec.containers.ports.protocol of type v1.Protocol',
    ],
    [
      { spec: { template: { spec: { volumes: [{ emptyDir: { medium: 1 } }] } } } },
      'json: cannot unmarshal number into Go struct field EmptyDirVolumeSource.spec.template.spec.volumes.VolumeSource.emptyDir.medium of type v1.StorageMedium',
    ],
    [
      { metadata: { creationTimestamp: 'x' } },
      'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
    ],
    [
      { spec: { template: { spec: { containers: [{ resources: { limits: { cpu: 'x' } } }] } } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])('%j is refused', (body, why) => {
    expect(errorOf(JSON.stringify(body), asDeployment)).toBe(
      `Deployment in version "v1" cannot be handled as a Deployment: ${why}`,
    );
  });

  test('the first counts, unless one follows that ends decoding', () => {
    const both = { spec: { replicas: 'a' }, metadata: { creationTimestamp: 'x' } };
    expect(errorOf(JSON.stringify(both), asDeployment)).toContain('parsing time');
    expect(errorOf('{"spec":{"replicas":"a","paused":1}}', asDeployment)).toContain('DeploymentSpec.spec.replicas');
  });

  test('base64 is told with the place where it ends', () => {
    expect(errorOf('{"binaryData":{"a":"YQ="}}')).toContain('illegal base64 data at input byte 3');
  });
});

describe('unknown and duplicate fields', () => {
  const twice =
    '{"data":{"x":"a","x":"b"},"foo":{"x":1,"x":2},"immutable":true,"immutable":false,"metadata":{"Name":"y"}}';
  const found = [
    'duplicate field "data.x"',
    'unknown field "foo"',
    'duplicate field "immutable"',
    'unknown field "metadata.Name"',
  ];

  test('Strict refuses them, told in the order of the body', () => {
    expect(errorOf(twice)).toBe(
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${found.join(', ')}`,
    );
  });

  test('Warn drops them and warns of each', () => {
    const decoded = decode(twice, { fieldValidation: 'Warn' });
    if (!decoded.ok) throw new Error(decoded.status.message);
    expect(decoded.value.warnings).toEqual(found);
    expect(decoded.value.object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      data: { x: 'b' },
      immutable: false,
      metadata: {},
    });
  });

  test('Ignore drops them in silence', () => {
    const decoded = decode(twice, { fieldValidation: 'Ignore' });
    expect(decoded.ok && decoded.value.warnings).toEqual([]);
  });

  test('places in lists are told', () => {
    const body = { spec: { template: { spec: { containers: [{}, { foo: 1 }] } } } };
    expect(errorOf(JSON.stringify(body), asDeployment)).toContain(
      'unknown field "spec.template.spec.containers[1].foo"',
    );
  });

  test('YAML keys given twice', () => {
    const yaml = 'kind: ConfigMap\ndata:\n  a: x\n  a: z\nfoo: 1\n';
    expect(errorOf(yaml, { format: 'yaml' })).toContain(
      'strict decoding error: yaml: unmarshal errors:\n  line 4: key "a" already set in map, unknown field "foo"',
    );
    const warned = decode(yaml, { format: 'yaml', fieldValidation: 'Warn' });
    expect(warned.ok && warned.value.warnings).toEqual(['line 4: key "a" already set in map', 'unknown field "foo"']);
  });
});

describe('bodies that are no object of the kind', () => {
  const unrecognized = (why: string) => `the object provided is unrecognized (must be of type ConfigMap): ${why}`;
  const FIND = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

  test.each([
    ['', `couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`],
    [
      '{"a":1,}',
      `couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"a":1,})`,
    ],
    [
      'foo',
      `couldn't get version/kind; json parse error: invalid character 'o' in literal false (expecting 'a') (666f6f)`,
    ],
    [
      '[]',
      `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${FIND} (5b5d)`,
    ],
    [
      '{"kind":1}',
      `couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":1})`,
    ],
    ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})'],
  ])('%s', (text, why) => {
    expect(errorOf(text)).toBe(unrecognized(why));
  });

  test.each([
    [
      '{"kind":"Foo"}',
      'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      '{"kind":"Pod"}',
      'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
    ],
  ])('%s is another kind', (text, why) => {
    expect(errorOf(text)).toBe(why);
  });

  test('another version of the kind', () => {
    const event = { group: '', version: 'v1', kind: 'Event', schema: 'CoreV1Event' };
    expect(errorOf('{"apiVersion":"events.k8s.io/v1","kind":"Event"}', { expected: event })).toBe(
      'the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)',
    );
  });

  test('deeper than the limit', () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(errorOf(deep(JSON_DEPTH_MAX + 1))).toContain('exceeded max depth');
    expect(errorOf(deep(100_000))).toContain('exceeded max depth');
    expect(errorOf(deep(JSON_DEPTH_MAX), { fieldValidation: 'Ignore' })).toBeUndefined();
  });
});
