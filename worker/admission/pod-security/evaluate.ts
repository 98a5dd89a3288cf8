/** All checks of a level as of a version. Source: k8s.io/pod-security-admission policy registry.go. */
import type { ObjectMeta } from '../../../schema/meta/object-meta.ts';
import type { PodSpec } from '../../../schema/resources/core/pod-types.ts';
import type { Check, CheckPod, VersionedCheck, Violation } from './check.ts';
import { hostChecks } from './host-checks.ts';
import type { LevelVersion } from './level.ts';
import { privilegeChecks } from './privilege-checks.ts';
import { restrictedChecks } from './restricted-checks.ts';
import { profileChecks } from './seccomp.ts';

const CHECKS: readonly Check[] = [...hostChecks, ...privilegeChecks, ...profileChecks, ...restrictedChecks];

const LATEST = Math.max(...CHECKS.flatMap(({ versions }) => versions.map(({ since }) => since)));

/** The form of a check that a version has, if it has it yet. */
const asOf = ({ versions }: Check, version: number): VersionedCheck | undefined =>
  versions.findLast(({ since }) => since <= version);

const ordered = (level: Check['level']): readonly Check[] =>
  CHECKS.filter((check) => check.level === level).sort((a, b) => (a.id < b.id ? -1 : 1));

const BASELINE = ordered('baseline');
const RESTRICTED = ordered('restricted');

function checksOf(level: Check['level'], version: number): readonly CheckPod[] {
  const restricted = level === 'baseline' ? [] : RESTRICTED.flatMap((check) => asOf(check, version) ?? []);
  const overridden = new Set(restricted.flatMap(({ overrides = [] }) => overrides));
  const baseline = BASELINE.filter(({ id }) => !overridden.has(id)).flatMap((check) => asOf(check, version) ?? []);
  return [...baseline, ...restricted].map(({ check }) => check);
}

const known = new Map<string, readonly CheckPod[]>();

/** Versions from the future are the latest. */
function checksFor(level: Check['level'], { version }: LevelVersion): readonly CheckPod[] {
  const minor = version === 'latest' ? LATEST : Math.min(version, LATEST);
  const key = `${level}:${minor}`;
  const checks = known.get(key) ?? checksOf(level, minor);
  known.set(key, checks);
  return checks;
}

const violated = (of: LevelVersion, metadata: ObjectMeta, spec: PodSpec): readonly Violation[] =>
  of.level === 'privileged' ? [] : checksFor(of.level, of).flatMap((check) => check(metadata, spec) ?? []);

/** All that the pod violates, in one text; undefined when it violates nothing. */
export function violationsOf(of: LevelVersion, metadata: ObjectMeta, spec: PodSpec): string | undefined {
  const violations = violated(of, metadata, spec);
  if (violations.length === 0) return undefined;
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
}

/** The same without the parts of the pod it is about. */
export function violatedReasons(of: LevelVersion, metadata: ObjectMeta, spec: PodSpec): string | undefined {
  const violations = violated(of, metadata, spec);
  return violations.length === 0 ? undefined : violations.map(({ reason }) => reason).join(', ');
}
