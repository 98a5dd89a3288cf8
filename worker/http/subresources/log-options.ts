/** Query of pods/log. Source: core/v1 PodLogOptions, ValidatePodLogOptions, LogLocation. */
import {
  type FieldError,
  forbiddenField,
  invalid,
  invalidStatus,
  notSupported,
} from '../../../schema/meta/field-error.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';
import { parseTime } from '../../../schema/meta/time.ts';
import type { LogStreamRequest } from '../../../schema/protocol/agent.ts';
import { integerParameter } from '../request/integer-parameter.ts';

export type LogOptions = Pick<
  LogStreamRequest,
  'follow' | 'previous' | 'timestamps' | 'tailLines' | 'sinceSeconds' | 'sinceTime' | 'limitBytes'
> & { readonly container: string };

const NUMBERS = ['tailLines', 'sinceSeconds', 'limitBytes'] as const;
const STREAMS = ['All', 'Stderr', 'Stdout'] as const;

type Numbers = Partial<Record<(typeof NUMBERS)[number], number>>;

function parseNumbers(query: URLSearchParams): Result<Numbers> {
  const numbers: Numbers = {};
  for (const name of NUMBERS) {
    const number = integerParameter(query, name);
    if (!number.ok) return number;
    if (number.value !== undefined) numbers[name] = number.value;
  }
  return ok(numbers);
}

/** What query parameters count as true. Source: apimachinery's Convert_Slice_string_To_bool. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0' && value.toLowerCase() !== 'false';
}

function errorsOf({ tailLines, sinceSeconds, limitBytes }: Numbers, query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && query.has('sinceTime')) {
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  }
  const stream = query.get('stream') ?? 'All';
  if (!(STREAMS as readonly string[]).includes(stream)) errors.push(notSupported('stream', stream, STREAMS));
  if (stream !== 'All' && tailLines !== undefined) {
    errors.push(forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  return errors;
}

/** The options of a request for logs of the pod `name`. */
export function parseLogOptions(query: URLSearchParams, name: string): Result<LogOptions> {
  const numbers = parseNumbers(query);
  if (!numbers.ok) return numbers;
  const sinceTime = query.get('sinceTime');
  if (sinceTime !== null && parseTime(sinceTime) === undefined) {
    return fail(badRequest(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse`));
  }
  const errors = errorsOf(numbers.value, query);
  if (errors.length > 0) return fail(invalidStatus('', 'PodLogOptions', name, errors));
  return ok({
    container: query.get('container') ?? '',
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    ...numbers.value,
    ...(sinceTime === null ? {} : { sinceTime }),
  });
}

interface Named {
  readonly name: string;
}

interface PodSpec {
  readonly containers?: readonly Named[];
  readonly initContainers?: readonly Named[];
  readonly ephemeralContainers?: readonly Named[];
}

/** The container whose logs are meant: the named one, or the only one. */
export function chooseContainer(pod: UntypedObject, asked: string): Result<string> {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod['spec'] as PodSpec;
  const name = pod.metadata.name ?? '';
  const names = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
  if (asked !== '') {
    return names.includes(asked) ? ok(asked) : fail(badRequest(`container ${asked} is not valid for pod ${name}`));
  }
  const [only, ...others] = containers;
  if (only === undefined) return fail(badRequest(`a container name must be specified for pod ${name}`));
  if (others.length === 0) return ok(only.name);
  return fail(badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`));
}
