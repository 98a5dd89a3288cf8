/** Everything that reads a client's bytes or texts: an answer or a refusal, never an exception. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeObject } from '../../../schema/decode/decode-object.ts';
import { decodeMessage, readEnvelope } from '../../../schema/decode/decode-protobuf.ts';
import { encodeObjectProtobuf } from '../../../schema/encode/encode-protobuf.ts';
import { decodeContinue, encodeContinue } from '../../../schema/meta/continue-token.ts';
import { fieldsMatch, formatFieldSelector, parseFieldSelector } from '../../../schema/meta/field-selector.ts';
import { formatLabels, labelsMatch, parseLabelSelector } from '../../../schema/meta/label-selector.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../../../schema/meta/quantity.ts';
import { canonicalMicroTime, canonicalTime, parseTime } from '../../../schema/meta/time.ts';
import { parseSchedule } from '../../../schema/resources/batch/cron-schedule.ts';
import {
  parseCertificateRequest,
  parsePemRequest,
} from '../../../schema/resources/certificates/certificate-request.ts';
import { pemBlocks } from '../../../schema/resources/certificates/pem.ts';
import { applyPatch } from '../../registry/patch/apply-patch.ts';
import { parseAccept } from '../negotiation/accept.ts';
import { messageTypeOf } from '../negotiation/protobuf.ts';
import { requestInfo } from '../request/request-info.ts';
import { SAMPLE_OBJECTS, sampleNameOf } from './sample-objects.ts';
import { servedResources } from '../served/served-resources.ts';
import { TestServer } from './test-server.ts';

const SEED = 20_261_121;

const samples = servedResources
  .filter(({ definition }) => SAMPLE_OBJECTS[definition.key])
  .map(({ definition, group, version, apiVersion, schema }) => ({
    expected: { group, version, schema, kind: definition.kind },
    object: {
      apiVersion,
      kind: definition.kind,
      metadata: { name: sampleNameOf(definition.key), labels: { app: 'web' }, finalizers: ['example.com/a'] },
      ...SAMPLE_OBJECTS[definition.key],
    },
  }));

/** One thing done to bytes: a few changed, some cut out, some doubled, the end lost. */
interface Damage {
  readonly at: number;
  readonly length: number;
  readonly kind: 'set' | 'cut' | 'double' | 'truncate';
  readonly bytes: Uint8Array;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(100_000),
  length: fc.integer({ min: 1, max: 12 }),
  kind: fc.constantFrom<Damage['kind']>('set', 'cut', 'double', 'truncate'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

function damaged(body: Uint8Array, { at, length, kind, bytes }: Damage): Uint8Array {
  const start = at % Math.max(1, body.length);
  const [head, part, tail] = [body.slice(0, start), body.slice(start, start + length), body.slice(start + length)];
  switch (kind) {
    case 'set':
      return Uint8Array.from([...head, ...bytes, ...tail]);
    case 'cut':
      return Uint8Array.from([...head, ...tail]);
    case 'double':
      return Uint8Array.from([...head, ...part, ...part, ...tail]);
    case 'truncate':
      return head;
  }
}

test('protobuf of every kind, damaged', { timeout: 60_000 }, () => {
  const bodies = samples.map(({ expected, object }) => ({
    expected,
    body: encodeObjectProtobuf(object, messageTypeOf(object)),
  }));
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.array(damage, { minLength: 1, maxLength: 3 }), (sample, damages) => {
      const envelope = readEnvelope(damages.reduce(damaged, sample.body));
      if (!envelope.ok) return;
      const message = decodeMessage(envelope.value.raw, sample.expected.schema);
      if (!message.ok) return;
      const text = JSON.stringify(message.value);
      const decoded = decodeObject(text, { expected: sample.expected, format: 'json', fieldValidation: 'Strict' });
      if (!decoded.ok) expect(decoded.status.code).toBe(400);
    }),
    { numRuns: 6_000, seed: SEED },
  );
});

const json = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'a', 'example.com/a', 'web', '$(A)'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ...['metadata', 'labels', 'finalizers', 'ownerReferences', 'spec', 'status', 'template', 'containers', 'name'],
        ...[
          'ports',
          'env',
          'data',
          '$patch',
          '$retainKeys',
          '$setElementOrder/finalizers',
          '$setElementOrder/containers',
        ],
        ...['$deleteFromPrimitiveList/finalizers', '$setElementOrder', '$deleteFromPrimitiveList', '__proto__', 'uid'],
      ),
      tie('node'),
      { maxKeys: 4 },
    ),
  ),
})).node;

const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x', 5),
    path: fc.constantFrom(
      '',
      '/',
      '/metadata',
      '/metadata/labels/app',
      '/metadata/finalizers/-',
      '/metadata/finalizers/0',
    ),
    from: fc.constantFrom(
      '',
      '/',
      '/metadata',
      '/spec',
      '/metadata/finalizers/-1',
      '/metadata/finalizers/9',
      '/~',
      'x',
    ),
    value: json,
  },
  { requiredKeys: [] },
);

test('patches of every type', { timeout: 60_000 }, () => {
  const patch = fc.oneof(
    fc.record({ type: fc.constantFrom('merge', 'strategic' as const), body: json }),
    fc.record({ type: fc.constant('json' as const), body: fc.array(operation, { maxLength: 5 }) }),
    fc.record({ type: fc.constantFrom('json', 'merge', 'strategic' as const), body: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...samples), patch, ({ object, expected }, { type, body }) => {
      const before = JSON.stringify(object);
      const input = { type, patch: JSON.stringify(body) ?? '', current: object, schema: expected.schema };
      applyPatch({ ...input, fieldValidation: 'Strict' });
      expect(JSON.stringify(object)).toBe(before);
    }),
    { numRuns: 6_000, seed: SEED },
  );
  expect(({} as Record<string, unknown>)['name']).toBeUndefined();
});

/** Texts of a grammar's own characters, now and then with others. */
const grammar = (characters: string, words: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.array(fc.constantFrom(...characters, ...words), { maxLength: 14 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );

describe('texts', () => {
  const runs = { numRuns: 4_000, seed: SEED };

  test('label selectors, and what is read is written and read again', () => {
    fc.assert(
      fc.property(grammar('abX01=!<>(),./- \t', ['in', 'notin', 'a', '==', '!=', ' in (', 'x.y/z']), (text) => {
        const parsed = parseLabelSelector(text);
        if (!parsed.ok) return;
        labelsMatch(parsed.value, { a: 'b', x: '1' });
        const again = parseLabelSelector(formatLabels(parsed.value));
        expect(again.ok && formatLabels(again.value)).toBe(formatLabels(parsed.value));
      }),
      runs,
    );
  });

  test('field selectors, likewise', () => {
    fc.assert(
      fc.property(grammar('ab=!,\\. ', ['metadata.name', '==', '!=', '\\,', '\\=']), (text) => {
        const parsed = parseFieldSelector(text);
        if (!parsed.ok) return;
        fieldsMatch(parsed.value, { 'metadata.name': 'a' });
        const again = parseFieldSelector(formatFieldSelector(parsed.value));
        expect(again.ok && formatFieldSelector(again.value)).toBe(formatFieldSelector(parsed.value));
      }),
      runs,
    );
  });

  test('continue tokens', () => {
    const key = fc.constantFrom('a', 'a/b', '../a', 'a/../b', '/', '', '\u0000', 'a\u0000', 'ä');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.base64String(),
          fc.string(),
          fc.jsonValue().map((value) => btoa(encodeURIComponent(JSON.stringify(value)))),
        ),
        (token) => {
          const decoded = decodeContinue(token);
          if (!decoded.ok) expect(decoded.status.code).toBe(400);
        },
      ),
      runs,
    );
    fc.assert(
      fc.property(fc.integer(), key, (revision, after) => {
        const decoded = decodeContinue(encodeContinue({ revision, after }));
        if (decoded.ok) expect(decoded.value.after).toBe(after);
      }),
      runs,
    );
  });

  test('quantities: what is read is written and read again, the same', () => {
    fc.assert(
      fc.property(grammar('0123456789.+-eEinumkKMGTP ', ['Ki', 'Gi', '1e3', '999999999999999999']), (text) => {
        const parsed = parseQuantity(text);
        if (!parsed.ok) return;
        const written = formatQuantity(parsed.value);
        const again = parseQuantity(written);
        expect(again.ok && compareQuantities(again.value, parsed.value), `${text} ${written}`).toBe(0);
        expect(formatQuantity(addQuantities(parsed.value, parsed.value))).toMatch(/^-?[0-9.]/);
      }),
      runs,
    );
  });

  test('times and schedules', () => {
    fc.assert(
      fc.property(grammar('0123456789-:TZ+.,', ['2026-01-02T', '03:04:05', '9999', '24:00']), (text) => {
        parseTime(text);
        const time = canonicalTime(text);
        if (time !== undefined) expect(canonicalTime(time)).toBe(time);
        const micro = canonicalMicroTime(text);
        if (micro !== undefined) expect(canonicalMicroTime(micro)).toBe(micro);
      }),
      runs,
    );
    fc.assert(
      fc.property(
        grammar('0123456789*/,-? ', ['@every ', '@daily', '1h', 'TZ=', 'UTC ', 'mon', 'jan', '* * * * *']),
        (text) => {
          parseSchedule(text);
        },
      ),
      runs,
    );
  });

  test('Accept headers and paths', () => {
    fc.assert(
      fc.property(
        grammar('a/*;=,q.0 ', ['application/json', 'as=Table', 'g=meta.k8s.io', 'v=v1', 'stream=watch']),
        (text) => {
          parseAccept(text);
        },
      ),
      runs,
    );
    fc.assert(
      fc.property(
        grammar('/%2e.a', ['api', 'apis', 'v1', 'namespaces', 'pods', 'watch', '%2F', '%00', '%ff']),
        (text) => {
          requestInfo('GET', `/${text}`, new URLSearchParams({ fieldSelector: text }));
        },
      ),
      runs,
    );
  });

  test('certificate requests, as DER and as PEM', () => {
    const pem = (SAMPLE_OBJECTS['certificatesigningrequests.certificates.k8s.io'] as { spec: { request: string } }).spec
      .request;
    const text = atob(pem);
    const der = pemBlocks(text)[0]?.bytes ?? new Uint8Array();
    expect(typeof parseCertificateRequest(der)).toBe('object');
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        parseCertificateRequest(damages.reduce(damaged, der));
        const bytes = damages.reduce(damaged, new TextEncoder().encode(text));
        parsePemRequest(new TextDecoder('latin1').decode(bytes));
      }),
      runs,
    );
  });
});

test('tokens that are none, or nearly', { timeout: 60_000 }, async () => {
  const server = new TestServer();
  const part = fc.oneof(
    fc.constantFrom(
      '',
      'e30',
      'eyJhbGciOiJub25lIn0',
      'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ',
      'eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0In0',
      '!',
      'bnVsbA',
      'W10',
    ),
    fc.base64String({ maxLength: 40 }),
  );
  const token = fc.oneof(
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc.string({ unit: fc.constantFrom(...'abc.-_=/+ ,;"'), maxLength: 30 }),
    fc.constantFrom('abcdef.0123456789abcdef', 'x'.repeat(20_000), 'node.n1.x'),
  );
  await fc.assert(
    fc.asyncProperty(token, fc.constantFrom('Bearer ', 'bearer ', 'Basic ', ''), async (text, scheme) => {
      const headers = { authorization: `${scheme}${text}` };
      const { status } = await server.request('GET /api/v1/namespaces/shop/pods', { headers });
      expect([400, 401, 403]).toContain(status);
    }),
    { numRuns: 1_000, seed: SEED },
  );
});
