import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { decodeMessage, readEnvelope } from './decode-protobuf.ts';
import { structTypeOf } from './field-table.ts';
import { PROTOBUF_FIELDS } from './protobuf-fields.ts';

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

/** What kubectl 1.32 sends for `kubectl create …`. */
const bodies = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    schema: 'V1Deployment',
    body: 'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAASDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
    value: {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
      status: {},
    },
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    schema: 'V1Lease',
    body: 'azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRIxChEKAWwSABoAIgAqADIAOABCABIcGg0IgpK4w5j+////ARAAIgsIpevcygYQgJTvOhoAIgA=',
    value: {
      metadata: { name: 'l' },
      spec: { acquireTime: '0001-01-01T00:00:02.000000Z', renewTime: '2026-01-02T03:04:05.123456Z' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    schema: 'V1ConfigMap',
    body: 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhsKEQoBYRIAGgAiACoAMgA4AEIAEgYKAXgSATEaACIA',
    value: { metadata: { name: 'a' }, data: { x: '1' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    schema: 'V1Secret',
    body: 'azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAXASAXcaABoAIgA=',
    value: { metadata: { name: 's' }, data: { p: 'dw==' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    schema: 'V1Service',
    body: 'azhzAAoNCgJ2MRIHU2VydmljZRJsCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkUKHgoHODAtaHR0cBIDVENQGFAiCggBEAAaBGh0dHAoABIKCgNhcHASA3dlYhoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA==',
    value: {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        ports: [{ name: '80-http', protocol: 'TCP', port: 80, targetPort: 'http' }],
        selector: { app: 'web' },
        type: 'ClusterIP',
      },
      status: { loadBalancer: {} },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    schema: 'V1ResourceQuota',
    body: 'azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRIwChEKAXESABoAIgAqADIAOABCABIZCgoKA2NwdRIDCgExCgsKBHBvZHMSAwoBMhoAGgAiAA==',
    value: { metadata: { name: 'q' }, spec: { hard: { cpu: '1', pods: '2' } }, status: {} },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    schema: 'V1PodDisruptionBudget',
    body: 'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgFwEgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA=',
    value: {
      metadata: { name: 'p' },
      spec: { minAvailable: '50%', selector: { matchLabels: { a: 'b' } } },
      status: {},
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    schema: 'V1CronJob',
    body: 'azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKSAQoRCgFjEgAaACIAKgAyADgAQgASewoJKiAqICogKiAqGgAqbAoRCgFjEgAaACIAKgAyADgAQgASVzJVChAKABIAGgAiACoAMgA4AEIAEkESGgoBYxIBeCoAQgBqAHIAgAEAiAEAkAEAogEAGglPbkZhaWx1cmUyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBABoAGgAiAA==',
    value: {
      metadata: { name: 'c' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          metadata: { name: 'c' },
          spec: {
            template: {
              metadata: {},
              spec: { containers: [{ name: 'c', image: 'x', resources: {} }], restartPolicy: 'OnFailure' },
            },
          },
        },
      },
      status: {},
    },
  },
] as const;

describe('bodies of kubectl', () => {
  it.each(bodies)('$kind', ({ apiVersion, kind, schema, body, value }) => {
    const envelope = readEnvelope(bytesOf(body));
    if (!envelope.ok) throw new Error(envelope.error);
    expect([envelope.value.apiVersion, envelope.value.kind]).toEqual([apiVersion, kind]);
    expect(decodeMessage(envelope.value.raw, schema)).toEqual({ ok: true, value });
  });
});

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};

const nested = (writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).bytes(message(write));

const valueOf = (raw: Uint8Array, type: string): unknown => {
  const decoded = decodeMessage(raw, type);
  return decoded.ok ? decoded.value : decoded.error;
};

describe('messages', () => {
  it('hold inlined structs as messages of their own', () => {
    const volume = message((w) => {
      w.tag(1, WireType.LengthDelimited).string('data');
      nested(w, 2, (source) =>
        nested(source, 2, (emptyDir) => emptyDir.tag(1, WireType.LengthDelimited).string('Memory')),
      );
    });
    expect(valueOf(volume, 'V1Volume')).toEqual({ name: 'data', emptyDir: { medium: 'Memory' } });
  });

  it('keep a zero that was meant and drop one that was not', () => {
    const spec = message((w) => {
      w.tag(1, WireType.Varint).int32(0); // replicas, a pointer
      w.tag(5, WireType.Varint).int32(0); // minReadySeconds, a number
      w.tag(7, WireType.Varint).bool(false); // paused
    });
    expect(valueOf(spec, 'V1DeploymentSpec')).toEqual({ replicas: 0 });
  });

  it('carry times, and empty ones for none', () => {
    const time = (w: BinaryWriter): void => {
      w.tag(1, WireType.Varint).int64(1_767_323_045);
      w.tag(2, WireType.Varint).int32(0);
    };
    expect(
      valueOf(
        message((w) => nested(w, 8, time)),
        'V1ObjectMeta',
      ),
    ).toEqual({ creationTimestamp: '2026-01-02T03:04:05Z' });
    expect(
      valueOf(
        message((w) => nested(w, 8, () => {})),
        'V1ObjectMeta',
      ),
    ).toEqual({});
    expect(
      valueOf(
        message((w) => nested(w, 4, time)),
        'V1LeaseSpec',
      ),
    ).toEqual({ renewTime: '2026-01-02T03:04:05.000000Z' });
  });

  it('carry numbers and names of ports', () => {
    const port = (write: (writer: BinaryWriter) => void) =>
      valueOf(
        message((w) => nested(w, 4, write)),
        'V1ServicePort',
      );
    expect(port((w) => w.tag(2, WireType.Varint).int32(8080))).toEqual({ targetPort: 8080 });
    expect(port((w) => w.tag(1, WireType.Varint).int64(1).tag(3, WireType.LengthDelimited).string('http'))).toEqual({
      targetPort: 'http',
    });
  });

  it('may have fields nobody knows', () => {
    expect(
      valueOf(
        message((w) => w.tag(999, WireType.Varint).int32(7).tag(1, WireType.LengthDelimited).string('a')),
        'V1ObjectMeta',
      ),
    ).toEqual({ name: 'a' });
  });

  it('cannot reach a prototype', () => {
    const labels = message((w) =>
      nested(w, 11, (entry) =>
        entry.tag(1, WireType.LengthDelimited).string('__proto__').tag(2, WireType.LengthDelimited).string('x'),
      ),
    );
    const value = valueOf(labels, 'V1ObjectMeta') as { labels: object };
    expect(Object.keys(value.labels)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value.labels)).toBe(Object.prototype);
  });
});

describe('what is no protobuf', () => {
  it('is told so', () => {
    expect(readEnvelope(new Uint8Array())).toEqual({ ok: false, error: 'empty data' });
    expect(readEnvelope(new TextEncoder().encode('{"kind":"Pod"}'))).toEqual({
      ok: false,
      error: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    });
  });

  it('never throws', () => {
    const good = bytesOf(bodies[0].body);
    for (let cut = 4; cut < good.length; cut++) {
      const envelope = readEnvelope(good.subarray(0, cut));
      if (envelope.ok) decodeMessage(envelope.value.raw, 'V1Deployment');
      const flipped = Uint8Array.from(good);
      flipped[cut] = (flipped[cut] ?? 0) ^ 0xff;
      const other = readEnvelope(flipped);
      if (other.ok) decodeMessage(other.value.raw, 'V1Deployment');
    }
  });
});

it('knows every field it numbers', () => {
  const strangers = Object.entries(PROTOBUF_FIELDS).flatMap(([type, line]) => {
    const fields = structTypeOf(type)?.fields;
    if (!fields) return type.startsWith('~') ? [] : [type];
    const names = line
      .split(' ')
      .filter(Boolean)
      .map((entry) => entry.slice(0, entry.indexOf('=')));
    return names.filter((name) => !name.startsWith('~') && !fields.has(name)).map((name) => `${type}.${name}`);
  });
  expect(strangers).toEqual([]);
});
