import { describe, expect, it } from 'vitest';
import type { ResourceDefinition, ServedVersion } from '../../../schema/meta/resource.ts';
import { catalog } from '../../../schema/resources/catalog.ts';
import { boxes } from '../../registry/test-kinds.ts';
import { listOptions, managerOfUserAgent, writeOptions } from './request-options.ts';

const list = (query: string): string => {
  const options = listOptions(new URLSearchParams(query), { definition: boxes, served: undefined });
  return options.ok ? 'ok' : `${options.status.code} ${options.status.message}`;
};

const INVALID = 'ListOptions.meta.k8s.io "" is invalid: ';

describe('list and watch options', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', 'ok'],
    ['limit=500&continue=abc&resourceVersion=0', 'ok'],
    ['labelSelector=app%3Dweb&fieldSelector=metadata.name!%3Dx', 'ok'],
    ['limit=x', '400 strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'fieldSelector=spec.x%3Dy',
      '400 "spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [
      'resourceVersionMatch=Exact',
      `422 ${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      `422 ${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
    ],
    [
      'resourceVersionMatch=Old&resourceVersion=1',
      `422 ${INVALID}resourceVersionMatch: Unsupported value: "Old": supported values: "Exact", "NotOlderThan", ""`,
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=1&continue=abc',
      `422 ${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided`,
    ],
    ['sendInitialEvents=true', `422 ${INVALID}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`],
    [
      'watch=1&sendInitialEvents=true',
      `422 ${INVALID}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      `422 ${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
    ],
    ['watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 'ok'],
    [
      'resourceVersion=abc',
      '400 invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      'watch=1&resourceVersion=abc',
      '422 configmaps "" is invalid: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
  ];
  it.each(rows)('%s', (query, expected) => {
    expect(list(query)).toBe(expected);
  });
});

const write = (query: string, patchType?: 'merge' | 'apply'): string => {
  const options = writeOptions(
    patchType ? 'PatchOptions' : 'CreateOptions',
    new URLSearchParams(query),
    'kubectl/v1.32.4 (linux/amd64)',
    patchType,
  );
  return options.ok ? JSON.stringify(options.value) : `${options.status.code} ${options.status.message}`;
};

describe('write options', () => {
  it('come with defaults', () => {
    expect(write('')).toBe('{"dryRun":false,"fieldValidation":"Warn","fieldManager":"kubectl","force":false}');
    expect(write('dryRun=All&fieldManager=me&fieldValidation=Strict')).toBe(
      '{"dryRun":true,"fieldValidation":"Strict","fieldManager":"me","force":false}',
    );
  });

  it('are refused in upstream words', () => {
    expect(write('dryRun=Some')).toBe(
      '422 CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    );
    expect(write('fieldValidation=Sure')).toContain(
      '422 CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Sure"',
    );
    expect(write(`fieldManager=${'x'.repeat(129)}`)).toContain('fieldManager: Too long');
    expect(write('force=true', 'merge')).toBe(
      '422 PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
    expect(write('', 'apply')).toBe(
      '422 PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  });

  it('take the manager from the user agent', () => {
    expect(managerOfUserAgent('Helm/3.6.2')).toBe('Helm');
    expect(managerOfUserAgent('')).toBe('unknown');
  });
});

it('takes the field labels of the version that is asked, by their stored names', () => {
  const event = catalog.find(({ kind }) => kind === 'Event') as ResourceDefinition;
  const selectorOf = (served: ServedVersion | undefined, fieldSelector: string): string => {
    const options = listOptions(new URLSearchParams({ fieldSelector }), { definition: event, served });
    return options.ok ? options.value.fieldSelector : (options.status.message ?? '');
  };
  const [eventsV1] = event.alsoServed ?? [];
  expect(selectorOf(eventsV1, 'reportingController=x,regarding.name=y,metadata.name=z')).toBe(
    'metadata.name=z,involvedObject.name=y,reportingComponent=x',
  );
  expect(selectorOf(eventsV1, 'involvedObject.name=y')).toBe('field label not supported: involvedObject.name');
  expect(selectorOf(undefined, 'source=x')).toBe('source=x');
  expect(selectorOf(undefined, 'regarding.name=y')).toBe('field label not supported: regarding.name');
});
