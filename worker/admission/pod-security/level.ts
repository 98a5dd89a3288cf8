/** Levels, versions and a namespace's policy. Source: k8s.io/pod-security-admission api. */
import { type FieldError, invalid } from '../../../schema/meta/field-error.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A minor version of 1, or `latest`. */
export type PolicyVersion = number | 'latest';

export interface LevelVersion {
  readonly level: Level;
  readonly version: PolicyVersion;
}

export type Mode = 'enforce' | 'audit' | 'warn';
export type Policy = Readonly<Record<Mode, LevelVersion>>;

export interface ReadPolicy {
  readonly policy: Policy;
  readonly errors: readonly FieldError[];
}

const PREFIX = 'pod-security.kubernetes.io/';
const RANK: Readonly<Record<Level, number>> = { privileged: 0, baseline: 1, restricted: 2 };
const FREE: LevelVersion = { level: 'privileged', version: 'latest' };
export const PRIVILEGED: Policy = { enforce: FREE, audit: FREE, warn: FREE };

/** `restricted:v1.30`. */
export const printLevel = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`;

/** Whether `a` forbids more than `b`. */
export const isStricter = (a: Level, b: Level): boolean => RANK[a] > RANK[b];

export const equalLevels = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && a.version === b.version;

const isLevel = (text: string): text is Level => Object.hasOwn(RANK, text);

function versionOf(text: string): PolicyVersion | undefined {
  if (text === 'latest') return text;
  const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(text)?.[1];
  return minor !== undefined && Number.isSafeInteger(Number(minor)) ? Number(minor) : undefined;
}

interface ReadMode {
  readonly given: LevelVersion;
  readonly hasLevel: boolean;
  readonly isLevelValid: boolean;
  readonly hasVersion: boolean;
  readonly errors: readonly FieldError[];
}

/** A level that cannot be read counts as `fallback`, a version that cannot be read as the latest. */
function readMode(labels: Readonly<Record<string, string>>, mode: Mode, fallback: Level): ReadMode {
  const levelKey = `${PREFIX}${mode}`;
  const versionKey = `${PREFIX}${mode}-version`;
  const level = labels[levelKey];
  const version = labels[versionKey];
  const errors: FieldError[] = [];
  const isLevelValid = level !== undefined && isLevel(level);
  if (level !== undefined && !isLevelValid) {
    errors.push(invalid(`metadata.labels[${levelKey}]`, level, 'must be one of privileged, baseline, restricted'));
  }
  const parsed = version === undefined ? 'latest' : versionOf(version);
  if (parsed === undefined) {
    errors.push(invalid(`metadata.labels[${versionKey}]`, version, 'must be "latest" or "v1.x"'));
  }
  const known = level === undefined ? 'privileged' : isLevel(level) ? level : fallback;
  return {
    given: { level: known, version: parsed ?? 'latest' },
    hasLevel: level !== undefined,
    isLevelValid,
    hasVersion: version !== undefined,
    errors,
  };
}

/** What a namespace's labels ask for; without a word of its own, `warn` goes as far as `enforce`. */
export function policyOf(labels: Readonly<Record<string, string>> | undefined): ReadPolicy {
  if (!labels || !Object.keys(labels).some((key) => key.startsWith(PREFIX))) return { policy: PRIVILEGED, errors: [] };
  const enforce = readMode(labels, 'enforce', 'restricted');
  const audit = readMode(labels, 'audit', 'privileged');
  const warn = readMode(labels, 'warn', 'privileged');
  const warned = !warn.hasLevel && enforce.isLevelValid && RANK[enforce.given.level] > RANK[warn.given.level];
  const warnVersion = warn.hasVersion ? warn.given.version : enforce.given.version;
  return {
    policy: {
      enforce: enforce.given,
      audit: audit.given,
      warn: warned ? { level: enforce.given.level, version: warnVersion } : warn.given,
    },
    errors: [...enforce.errors, ...audit.errors, ...warn.errors],
  };
}
