/** Seccomp and AppArmor profiles. Source: policy check_seccompProfile_*.go, check_appArmorProfile.go. */
import { goQuote } from '../../../schema/meta/go-format.ts';
import {
  type Check,
  type CheckPod,
  containersOf,
  joinQuoted,
  named,
  namesOf,
  plural,
  settersOf,
  sorted,
  unlessWindows,
} from './check.ts';

const ON_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const ON_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';

const isProfile = (type: string): boolean => type === 'Localhost' || type === 'RuntimeDefault';

const isAnnotatedProfile = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');

const byAnnotation: CheckPod = ({ annotations = {} }, spec) => {
  const keys = [ON_POD, ...containersOf(spec).map(({ name }) => `${ON_CONTAINER}${name}`)];
  const bad = sorted(
    keys.flatMap((key) => {
      const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
      return value === undefined || isAnnotatedProfile(value) ? [] : [`${key}=${goQuote(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  const detail = `forbidden ${plural('annotation', 'annotations', bad.length)} ${bad.join(', ')}`;
  return { reason: 'seccompProfile', detail };
};

const notOther: CheckPod = (_metadata, spec) => {
  const ofPod = spec.securityContext?.seccompProfile;
  const isPodBad = ofPod !== undefined && !isProfile(ofPod.type);
  const bad = containersOf(spec).filter(({ securityContext }) => {
    const profile = securityContext?.seccompProfile;
    return profile !== undefined && !isProfile(profile.type);
  });
  const setters = settersOf(isPodBad, bad);
  if (setters === '') return undefined;
  const types = [
    ...(isPodBad ? [ofPod.type] : []),
    ...bad.flatMap(({ securityContext }) => securityContext?.seccompProfile?.type ?? []),
  ];
  const detail = `${setters} must not set securityContext.seccompProfile.type to ${joinQuoted(sorted(types))}`;
  return { reason: 'seccompProfile', detail };
};

const mustSet: CheckPod = (metadata, spec) => {
  const bad = notOther(metadata, spec);
  if (bad || spec.securityContext?.seccompProfile) return bad;
  const lacking = containersOf(spec).filter(({ securityContext }) => !securityContext?.seccompProfile);
  if (lacking.length === 0) return undefined;
  const who = `pod or ${named(namesOf(lacking))}`;
  return {
    reason: 'seccompProfile',
    detail: `${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

const isAppArmorAnnotation = (value: string): boolean =>
  value === '' || value === 'runtime/default' || value.startsWith('localhost/');

const appArmor: CheckPod = ({ annotations = {} }, spec) => {
  const ofPod = spec.securityContext?.appArmorProfile;
  const isPodBad = ofPod !== undefined && !isProfile(ofPod.type);
  const bad = containersOf(spec).filter(({ securityContext }) => {
    const profile = securityContext?.appArmorProfile;
    return profile !== undefined && !isProfile(profile.type);
  });
  const types = sorted([
    ...(isPodBad ? [ofPod.type] : []),
    ...bad.flatMap(({ securityContext }) => securityContext?.appArmorProfile?.type ?? []),
  ]);
  const annotated = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(APPARMOR) && !isAppArmorAnnotation(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .sort();
  const fields = settersOf(isPodBad, bad);
  const setters = [
    ...(fields === '' ? [] : [fields]),
    ...(annotated.length > 0 ? [plural('annotation', 'annotations', annotated.length)] : []),
  ];
  if (setters.length === 0) return undefined;
  const values = [...types, ...annotated];
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', values.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${joinQuoted(values)}`,
  };
};

const overrides = ['seccompProfile_baseline'];

export const profileChecks: readonly Check[] = [
  { id: 'appArmorProfile', level: 'baseline', versions: [{ since: 0, check: appArmor }] },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [
      { since: 0, check: byAnnotation },
      { since: 19, check: notOther },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    versions: [
      { since: 19, check: mustSet, overrides },
      { since: 25, check: unlessWindows(mustSet), overrides },
    ],
  },
];
