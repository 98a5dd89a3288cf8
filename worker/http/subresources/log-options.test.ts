import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { chooseContainer, parseLogOptions } from './log-options.ts';

const parse = (query: string) => parseLogOptions(new URLSearchParams(query), 'web');

describe('log options', () => {
  it('are what the query says', () => {
    expect(
      parse(
        'container=c&follow=true&previous=false&timestamps=&tailLines=0&sinceTime=2026-11-21T12:00:00Z&limitBytes=5',
      ),
    ).toEqual({
      ok: true,
      value: {
        container: 'c',
        follow: true,
        previous: false,
        timestamps: true,
        tailLines: 0,
        sinceTime: '2026-11-21T12:00:00Z',
        limitBytes: 5,
      },
    });
    expect(parse('')).toEqual({
      ok: true,
      value: { container: '', follow: false, previous: false, timestamps: false },
    });
  });

  it.each([
    ['tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['limitBytes=0', 422, 'limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      'sinceSeconds=1&sinceTime=2026-11-21T12:00:00Z',
      422,
      'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['stream=Stdin', 422, 'stream: Unsupported value: "Stdin": supported values: "All", "Stderr", "Stdout"'],
    ['tailLines=many', 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
    ['tailLines=99999999999999999999', 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
    ['sinceTime=yesterday', 400, 'parsing time "yesterday"'],
  ])('refuse %s', (query, code, text) => {
    const refused = parse(query);
    expect(refused).toMatchObject({ ok: false, status: { code } });
    expect(!refused.ok && refused.status.message).toContain(text);
  });
});

describe('the container', () => {
  const pod = (spec: object): UntypedObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec });
  const two = pod({ initContainers: [{ name: 'init' }], containers: [{ name: 'a' }, { name: 'b' }] });

  it('is the only one, or the one that is named', () => {
    expect(chooseContainer(pod({ containers: [{ name: 'a' }] }), '')).toEqual({ ok: true, value: 'a' });
    expect(chooseContainer(two, 'init')).toEqual({ ok: true, value: 'init' });
  });

  it('must be named among several, and exist', () => {
    expect(chooseContainer(two, '')).toMatchObject({
      ok: false,
      status: { code: 400, message: 'a container name must be specified for pod web, choose one of: [init a b]' },
    });
    expect(chooseContainer(two, 'x')).toMatchObject({
      ok: false,
      status: { code: 400, message: 'container x is not valid for pod web' },
    });
  });
});
