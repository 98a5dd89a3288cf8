import { expect, it } from 'vitest';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { podReferences } from './pod-references.ts';

const pod = (spec: object): UntypedObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec,
});

it('finds everything a pod references, once', () => {
  const found = podReferences(
    pod({
      serviceAccountName: 'robot',
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'init', key: 'a' } } }] }],
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 'key', key: 'a' } } },
            { name: 'B', value: 'b' },
          ],
          envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'settings' } }],
        },
      ],
      ephemeralContainers: [{ name: 'e', envFrom: [{ configMapRef: { name: 'settings' } }] }],
      volumes: [
        { name: 'a', secret: { secretName: 'key' } },
        { name: 'b', configMap: { name: 'files' } },
        {
          name: 'c',
          projected: { sources: [{ secret: { name: 'p1' } }, { configMap: { name: 'p2' } }, { downwardAPI: {} }] },
        },
        { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'e', ephemeral: {} },
        { name: 'f', csi: { driver: 'x', nodePublishSecretRef: { name: 'csi' } } },
        { name: 'g', emptyDir: {} },
      ],
    }),
  );
  expect(found.map(({ resource, name }) => `${resource}/${name}`).sort()).toEqual([
    'configmaps/files',
    'configmaps/init',
    'configmaps/p2',
    'configmaps/settings',
    'persistentvolumeclaims/claim',
    'persistentvolumeclaims/web-e',
    'secrets/all',
    'secrets/csi',
    'secrets/key',
    'secrets/p1',
    'secrets/pull',
    'serviceaccounts/robot',
  ]);
});

it('finds nothing in a pod that needs nothing', () => {
  expect(podReferences(pod({ containers: [{ name: 'c' }] }))).toEqual([]);
});

it('finds the claims a pod uses, those made for it included', () => {
  const spec = {
    resourceClaims: [
      { name: 'a', resourceClaimName: 'own' },
      { name: 'b', resourceClaimTemplateName: 't' },
    ],
  };
  const status = {
    resourceClaimStatuses: [{ name: 'b', resourceClaimName: 'made' }, { name: 'c' }],
    extendedResourceClaimStatus: { resourceClaimName: 'extended' },
  };
  expect(podReferences({ ...pod(spec), status })).toEqual(
    ['own', 'made', 'extended'].map((name) => ({ resource: 'resourceclaims', name })),
  );
});
