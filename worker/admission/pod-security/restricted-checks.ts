/** Who containers run as, and which volumes they may have. Source: policy check_runAs*.go, check_restrictedVolumes.go. */
import type { Volume } from '../../../schema/resources/core/pod-types.ts';
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
  unlessInUserNamespace,
} from './check.ts';

const runAsNonRoot: CheckPod = (_metadata, spec) => {
  const reason = 'runAsNonRoot != true';
  const ofPod = spec.securityContext?.runAsNonRoot;
  const containers = containersOf(spec);
  const roots = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
  const setters = settersOf(ofPod === false, roots);
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (ofPod) return undefined;
  const silent = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${named(namesOf(silent))} must set securityContext.runAsNonRoot=true` };
};

const runAsUser: CheckPod = (_metadata, spec) => {
  const roots = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0);
  const setters = settersOf(spec.securityContext?.runAsUser === 0, roots);
  return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
};

const ALLOWED_VOLUMES: readonly (keyof Volume)[] = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const RESTRICTED_VOLUMES: readonly (keyof Volume)[] = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
];

const restrictedVolumes: CheckPod = (_metadata, { volumes = [] }) => {
  const bad = volumes.filter((volume) => !ALLOWED_VOLUMES.some((source) => volume[source]));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => RESTRICTED_VOLUMES.find((source) => volume[source]) ?? 'unknown'));
  const names = `${plural('volume', 'volumes', bad.length)} ${joinQuoted(bad.map(({ name }) => name))}`;
  const what = plural('restricted volume type', 'restricted volume types', types.length);
  return {
    reason: 'restricted volume types',
    detail: `${names} ${plural('uses', 'use', bad.length)} ${what} ${joinQuoted(types)}`,
  };
};

export const restrictedChecks: readonly Check[] = [
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    versions: [{ since: 0, check: restrictedVolumes, overrides: ['hostPathVolumes'] }],
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: unlessInUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: unlessInUserNamespace(runAsUser) },
    ],
  },
];
