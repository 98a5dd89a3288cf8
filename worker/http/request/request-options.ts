/**
 * The query's options of each verb, decoded and validated.
 * Source: apimachinery apis/meta/v1/validation, apis/meta/internalversion/validation.
 */
import {
  type FieldError,
  forbiddenField,
  invalid,
  invalidStatus,
  notSupported,
  required,
} from '../../../schema/meta/field-error.ts';
import {
  exactFieldValue,
  type FieldSelector,
  formatFieldSelector,
  parseFieldSelector,
} from '../../../schema/meta/field-selector.ts';
import { byteLength } from '../../../schema/meta/go-format.ts';
import { parseLabelSelector } from '../../../schema/meta/label-selector.ts';
import { validateFieldManager } from '../../../schema/meta/object-meta-validation.ts';
import { goQuote } from '../../../schema/meta/go-format.ts';
import type { ResourceDefinition, ServedVersion } from '../../../schema/meta/resource.ts';
import { badRequest, fail, ok, type Result, type Status } from '../../../schema/meta/status.ts';
import type { FieldValidation, PatchType } from '../../../schema/protocol/shard.ts';
import { integerParameter } from './integer-parameter.ts';
import { isTrue } from './request-info.ts';
import type { ServedResource } from '../served/served-resources.ts';

const META_GROUP = 'meta.k8s.io';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Never empty. */
  readonly fieldManager: string;
  readonly force: boolean;
}

const FIELD_MANAGER_BYTES_MAX = 128;

/** `kubectl` of `kubectl/v1.32.4 (linux/amd64) …`: who writes when the request does not say. */
export function managerOfUserAgent(userAgent: string): string {
  const slash = userAgent.indexOf('/');
  const printable = (slash < 0 ? userAgent : userAgent.slice(0, slash)).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '');
  let manager = '';
  let bytes = 0;
  for (const character of printable) {
    bytes += byteLength(character);
    if (bytes > FIELD_MANAGER_BYTES_MAX) break;
    manager += character;
  }
  return manager || 'unknown';
}

type WriteKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

/** Options of create, update and patch (`patchType` given). */
export function writeOptions(
  kind: WriteKind,
  query: URLSearchParams,
  userAgent: string,
  patchType?: PatchType,
): Result<WriteOptions> {
  if (query.size === 0 && patchType !== 'apply') {
    return ok({ dryRun: false, fieldValidation: 'Warn', fieldManager: managerOfUserAgent(userAgent), force: false });
  }
  const manager = query.get('fieldManager') ?? '';
  const dryRun = query.getAll('dryRun');
  const validation = query.get('fieldValidation') ?? '';
  const errors = [
    ...(patchType ? patchErrors(query, patchType, manager) : []),
    ...validateFieldManager(manager, 'fieldManager'),
    ...dryRunErrors(dryRun),
    ...(['', 'Ignore', 'Warn', 'Strict'].includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ];
  if (errors.length > 0) return fail(invalidStatus(META_GROUP, kind, '', errors));
  return ok({
    dryRun: dryRun.length > 0,
    fieldValidation: (validation || 'Warn') as FieldValidation,
    fieldManager: manager || managerOfUserAgent(userAgent),
    force: isTrue(query.get('force')),
  });
}

function patchErrors(query: URLSearchParams, patchType: PatchType, manager: string): FieldError[] {
  if (patchType === 'apply') return manager === '' ? [required('fieldManager', 'is required for apply patch')] : [];
  return query.has('force') ? [forbiddenField('force', 'may not be specified for non-apply patch')] : [];
}

export const dryRunErrors = (values: readonly string[]): FieldError[] =>
  values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** The name and namespace that the field selector demands, if it does. */
  readonly onlyName: string | undefined;
  readonly onlyNamespace: string | undefined;
  readonly watch: boolean;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

/** Longer selectors are refused before they are parsed. */
const SELECTOR_CHARS_MAX = 65_536;
const RESOURCE_VERSION = /^\d{1,20}$/;
const METADATA_LABELS = ['metadata.name', 'metadata.namespace'].map((name) => [name, name] as const);

/** Options of list, watch and deletecollection. */
export function listOptions(
  query: URLSearchParams,
  { definition, served }: Pick<ServedResource, 'definition' | 'served'>,
  forceWatch = false,
): Result<ListOptions> {
  const limit = integerParameter(query, 'limit');
  if (!limit.ok) return limit;
  const timeoutSeconds = integerParameter(query, 'timeoutSeconds');
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const labelSelector = query.get('labelSelector') ?? '';
  const labelError = selectorError(labelSelector, parseLabelSelector);
  if (labelError) return fail(badRequest(labelError));
  const fields = fieldSelector(query.get('fieldSelector') ?? '', definition, served);
  if (!fields.ok) return fields;
  const options: ListOptions = {
    labelSelector,
    fieldSelector: formatFieldSelector(fields.value),
    onlyName: exactFieldValue(fields.value, 'metadata.name'),
    onlyNamespace: exactFieldValue(fields.value, 'metadata.namespace'),
    watch: forceWatch || isTrue(query.get('watch')),
    limit: Math.max(0, limit.value ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
    timeoutSeconds: timeoutSeconds.value,
  };
  const errors = options.watch ? watchErrors(options) : listErrors(options);
  if (errors.length > 0) return fail(invalidStatus(META_GROUP, 'ListOptions', '', errors));
  if (options.resourceVersion !== '' && !RESOURCE_VERSION.test(options.resourceVersion)) {
    return fail(invalidResourceVersion(options, definition));
  }
  return ok(options);
}

/** A resourceVersion that is no number: upstream's store answers lists and watches differently. */
function invalidResourceVersion(
  { watch, resourceVersion }: ListOptions,
  { group, plural }: ResourceDefinition,
): Status {
  const why = `strconv.ParseUint: parsing ${goQuote(resourceVersion)}: invalid syntax`;
  const error = invalid('resourceVersion', resourceVersion, why);
  return watch
    ? invalidStatus(group, plural, '', [error])
    : badRequest(`invalid resource version: ${error.field}: ${error.body}`);
}

function selectorError(
  text: string,
  parse: (text: string) => { ok: true } | { ok: false; error: string },
): string | undefined {
  if (text === '') return undefined;
  if (text.length > SELECTOR_CHARS_MAX) return `the selector is longer than ${SELECTOR_CHARS_MAX} characters`;
  const parsed = parse(text);
  return parsed.ok ? undefined : parsed.error;
}

/** The field labels a version's selectors may use, each with the stored form's. */
function fieldLabels(definition: ResourceDefinition, served: ServedVersion | undefined): ReadonlyMap<string, string> {
  const own = served?.fieldLabels ?? Object.fromEntries(definition.selectableFieldNames.map((name) => [name, name]));
  return new Map([...METADATA_LABELS, ...Object.entries(own)]);
}

function fieldSelector(
  text: string,
  definition: ResourceDefinition,
  served: ServedVersion | undefined,
): Result<FieldSelector> {
  if (text === '') return ok([]);
  if (text.length > SELECTOR_CHARS_MAX)
    return fail(badRequest(`the selector is longer than ${SELECTOR_CHARS_MAX} characters`));
  const parsed = parseFieldSelector(text);
  if (!parsed.ok) return fail(badRequest(parsed.error));
  const labels = fieldLabels(definition, served);
  const stranger = parsed.value.find(({ field }) => !labels.has(field));
  if (stranger) return fail(badRequest(unknownLabel(stranger.field, definition, labels)));
  return ok(parsed.value.map((term) => ({ ...term, field: labels.get(term.field) as string })));
}

function unknownLabel(label: string, definition: ResourceDefinition, labels: ReadonlyMap<string, string>): string {
  if (definition.unknownFieldLabel) return definition.unknownFieldLabel(label);
  if (labels.size > METADATA_LABELS.length) return `field label not supported: ${label}`;
  return `${goQuote(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function listErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match: string = options.resourceVersionMatch;
  if (match !== '') {
    if (options.resourceVersion === '')
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
      );
    if (options.continue !== '')
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      );
    }
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match: string = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(
      forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    );
  }
  if (match !== '') {
    if (options.sendInitialEvents === undefined) {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      );
    }
    if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    if (options.continue !== '')
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
  }
  return errors;
}
