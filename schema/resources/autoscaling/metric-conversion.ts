/**
 * Metrics between autoscaling/v2 (as stored) and the form autoscaling/v1 keeps them in, within
 * annotations. Source: pkg/apis/autoscaling/v1/conversion.go.
 */
import { formatQuantity, quantityFromJson } from '../../meta/quantity.ts';

export type Fields = Record<string, unknown>;

/** Thrown for annotations that encoding/json could not read into their type; they are passed over whole. */
export class UnreadableAnnotation extends Error {}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A struct; null reads as an empty one. */
export function fieldsOf(value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new UnreadableAnnotation();
  return value;
}

/** A field by name: the exact one, or one that differs by case only. */
export function read(from: Fields, name: string): unknown {
  if (Object.hasOwn(from, name)) return from[name] ?? undefined;
  const found = Object.keys(from).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : (from[found] ?? undefined);
}

export function readText(from: Fields, name: string): string | undefined {
  const value = read(from, name);
  if (value !== undefined && typeof value !== 'string') throw new UnreadableAnnotation();
  return value;
}

export function readInteger(from: Fields, name: string): number | undefined {
  const value = read(from, name);
  if (value !== undefined && !Number.isInteger(value)) throw new UnreadableAnnotation();
  return value as number | undefined;
}

export function readQuantity(from: Fields, name: string): string | undefined {
  const value = read(from, name);
  if (value === undefined) return undefined;
  const parsed = quantityFromJson(value);
  if (!parsed.ok) throw new UnreadableAnnotation();
  return formatQuantity(parsed.value);
}

export function readList(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new UnreadableAnnotation();
  return value;
}

/** A copy without the fields that are not set. */
export const compact = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const reference = (of: unknown): Fields => {
  const from = fieldsOf(of);
  return compact({
    kind: readText(from, 'kind') ?? '',
    name: readText(from, 'name') ?? '',
    apiVersion: readText(from, 'apiVersion') || undefined,
  });
};

interface Conversion {
  toV1(source: Fields): Fields;
  fromV1(source: Fields): Fields;
}

const part = (of: Fields, name: string): Fields => fieldsOf(of[name]);

const identifier = (name: unknown, selector: unknown): Fields => compact({ name: name ?? '', selector });

function namedTarget(source: Fields): Fields {
  const averageUtilization = readInteger(source, 'targetAverageUtilization');
  const averageValue = readQuantity(source, 'targetAverageValue');
  return compact({
    type: averageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue,
    averageUtilization,
  });
}

const SPECS: Readonly<Record<string, Conversion>> = {
  object: {
    toV1: (source) => {
      const target = part(source, 'target');
      const metric = part(source, 'metric');
      return {
        target: reference(source.describedObject),
        metricName: metric.name ?? '',
        targetValue: target.value ?? '0',
        selector: metric.selector,
        averageValue: target.averageValue,
      };
    },
    fromV1: (source) => {
      const averageValue = readQuantity(source, 'averageValue');
      const value = readQuantity(source, 'targetValue') ?? '0';
      const isAverage = averageValue !== undefined;
      return {
        describedObject: reference(read(source, 'target')),
        target: compact({
          type: isAverage ? 'AverageValue' : 'Value',
          value: isAverage && value === '0' ? undefined : value,
          averageValue,
        }),
        metric: identifier(readText(source, 'metricName'), read(source, 'selector')),
      };
    },
  },
  pods: {
    toV1: (source) => ({
      metricName: part(source, 'metric').name ?? '',
      targetAverageValue: part(source, 'target').averageValue ?? '0',
      selector: part(source, 'metric').selector,
    }),
    fromV1: (source) => ({
      metric: identifier(readText(source, 'metricName'), read(source, 'selector')),
      target: { type: 'AverageValue', averageValue: readQuantity(source, 'targetAverageValue') ?? '0' },
    }),
  },
  resource: {
    toV1: (source) => ({
      name: source.name ?? '',
      targetAverageUtilization: part(source, 'target').averageUtilization,
      targetAverageValue: part(source, 'target').averageValue,
    }),
    fromV1: (source) => ({ name: readText(source, 'name') ?? '', target: namedTarget(source) }),
  },
  containerResource: {
    toV1: (source) => ({
      name: source.name ?? '',
      targetAverageUtilization: part(source, 'target').averageUtilization,
      targetAverageValue: part(source, 'target').averageValue,
      container: source.container ?? '',
    }),
    fromV1: (source) => ({
      name: readText(source, 'name') ?? '',
      target: namedTarget(source),
      container: readText(source, 'container') ?? '',
    }),
  },
  external: {
    toV1: (source) => ({
      metricName: part(source, 'metric').name ?? '',
      metricSelector: part(source, 'metric').selector,
      targetValue: part(source, 'target').value,
      targetAverageValue: part(source, 'target').averageValue,
    }),
    fromV1: (source) => {
      const value = readQuantity(source, 'targetValue');
      const averageValue = readQuantity(source, 'targetAverageValue');
      return {
        metric: identifier(readText(source, 'metricName'), read(source, 'metricSelector')),
        target: compact({ type: value === undefined ? 'AverageValue' : 'Value', value, averageValue }),
      };
    },
  },
};

const namedCurrent = (source: Fields): Fields =>
  compact({
    averageValue: readQuantity(source, 'currentAverageValue') ?? '0',
    averageUtilization: readInteger(source, 'currentAverageUtilization'),
  });

const STATUSES: Readonly<Record<string, Conversion>> = {
  object: {
    toV1: (source) => ({
      target: reference(source.describedObject),
      metricName: part(source, 'metric').name ?? '',
      currentValue: part(source, 'current').value ?? '0',
      selector: part(source, 'metric').selector,
      averageValue: part(source, 'current').averageValue,
    }),
    fromV1: (source) => ({
      metric: identifier(readText(source, 'metricName'), read(source, 'selector')),
      current: compact({
        value: readQuantity(source, 'currentValue') ?? '0',
        averageValue: readQuantity(source, 'averageValue'),
      }),
      describedObject: reference(read(source, 'target')),
    }),
  },
  pods: {
    toV1: (source) => ({
      metricName: part(source, 'metric').name ?? '',
      currentAverageValue: part(source, 'current').averageValue ?? '0',
      selector: part(source, 'metric').selector,
    }),
    fromV1: (source) => ({
      metric: identifier(readText(source, 'metricName'), read(source, 'selector')),
      current: { averageValue: readQuantity(source, 'currentAverageValue') ?? '0' },
    }),
  },
  resource: {
    toV1: (source) => ({
      name: source.name ?? '',
      currentAverageUtilization: part(source, 'current').averageUtilization,
      currentAverageValue: part(source, 'current').averageValue ?? '0',
    }),
    fromV1: (source) => ({ name: readText(source, 'name') ?? '', current: namedCurrent(source) }),
  },
  containerResource: {
    toV1: (source) => ({
      name: source.name ?? '',
      currentAverageUtilization: part(source, 'current').averageUtilization,
      currentAverageValue: part(source, 'current').averageValue ?? '0',
      container: source.container ?? '',
    }),
    fromV1: (source) => ({
      name: readText(source, 'name') ?? '',
      current: namedCurrent(source),
      container: readText(source, 'container') ?? '',
    }),
  },
  external: {
    toV1: (source) => ({
      metricName: part(source, 'metric').name ?? '',
      metricSelector: part(source, 'metric').selector,
      currentValue: part(source, 'current').value ?? '0',
      currentAverageValue: part(source, 'current').averageValue,
    }),
    fromV1: (source) => ({
      metric: identifier(readText(source, 'metricName'), read(source, 'metricSelector')),
      current: compact({
        value: readQuantity(source, 'currentValue') ?? '0',
        averageValue: readQuantity(source, 'currentAverageValue'),
      }),
    }),
  },
};

/** The order in which Go writes a metric's sources. */
const SOURCES = ['object', 'pods', 'resource', 'containerResource', 'external'];

function toV1(metric: Fields, conversions: Readonly<Record<string, Conversion>>): Fields {
  const sources = SOURCES.filter((name) => metric[name] !== undefined && metric[name] !== null);
  return {
    type: metric.type ?? '',
    ...Object.fromEntries(
      sources.map((name) => [name, compact((conversions[name] as Conversion).toV1(part(metric, name)))]),
    ),
  };
}

function fromV1(value: unknown, conversions: Readonly<Record<string, Conversion>>): Fields {
  const metric = fieldsOf(value);
  const sources = SOURCES.filter((name) => read(metric, name) !== undefined);
  return {
    type: readText(metric, 'type') ?? '',
    ...Object.fromEntries(
      sources.map((name) => [name, (conversions[name] as Conversion).fromV1(fieldsOf(read(metric, name)))]),
    ),
  };
}

export const metricSpecToV1 = (metric: Fields): Fields => toV1(metric, SPECS);
export const metricSpecFromV1 = (value: unknown): Fields => fromV1(value, SPECS);
export const metricStatusToV1 = (metric: Fields): Fields => toV1(metric, STATUSES);
export const metricStatusFromV1 = (value: unknown): Fields => fromV1(value, STATUSES);
