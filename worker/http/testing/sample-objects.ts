/** One valid object of each kind, for tests that go over all of them. Keys are the catalog's. */
const pod = { containers: [{ name: 'c', image: 'busybox:1', ports: [{ containerPort: 80 }] }] };
const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { ...pod, volumes: [{ name: 'data', emptyDir: {} }] } };
const selector = { matchLabels: labels };
const role = { apiGroup: 'rbac.authorization.k8s.io', name: 'reader' };
const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }];
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
const jobTemplate = { metadata: { labels }, spec: { ...pod, restartPolicy: 'Never' } };
const claimSpec = { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] } };

/** PKCS #10 in DER, in base64, and the same as PEM in base64; an empty request of some key. */
const REQUEST =
  'MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE/zihxCXOHjq7sKIlEDlqXTy2rECkKAd6VmgOTvAUgxtiVf6ZqojfJy7JOJvs/gS4MsWRX4cmQR5f8sF/kKL9CgADAKBggqhkjOPQQDAgNIADBFAiEAxJ/mMV1qa6Vo1A4mT1MFkOpZoQVsWB1+3CBK19wk3P8CIANunx4fQK/h+lZWg/rwyltJ5QgVpAZ1K0ukoXVNh9Vz';
const PEM_REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHNk1HSUNBUUF3QURCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OUF3RUhBMElBQkUvemloeENYT0hqcTdzSwpJbEVEbHFYVHkyckVDa0tBZDZWbWdPVHZBVWd4dGlWZjZacW9qZkp5N0pPSnZzL2dTNE1zV1JYNGNtUVI1ZjhzCkYva0tMOUNnQURBS0JnZ3Foa2pPUFFRREFnTklBREJGQWlFQXhKL21NVjFxYTZWbzFBNG1UMU1Ga09wWm9RVnMKV0IxKzNDQksxOXdrM1A4Q0lBTnVueDRmUUsvaCtsWldnL3J3eWx0SjVRZ1ZwQVoxSzB1a29YVk5oOVZ6Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
/** A certificate of some authority. */
const ANCHOR = `-----BEGIN CERTIFICATE-----
MIIBIjCByqADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMTBmFuY2hvcjAe
Fw0yNjAxMDEwMDAwMDBaFw0zNjAxMDEwMDAwMDBaMBExDzANBgNVBAMTBmFuY2hv
cjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE/zihxCXOHjq7sKIlEDlqXTy2rE
CkKAd6VmgOTvAUgxtiVf6ZqojfJy7JOJvs/gS4MsWRX4cmQR5f8sF/kKL9CjEzAR
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgaBKk+rS2L1nUP+jz
qMkA/fvXXShaygPVtx58hMPqXDcCIB0/0tbSoN9slNooZuSQP/AEXPNzHKsZ6ICT
3GmEogpB
-----END CERTIFICATE-----
`;

export const SAMPLE_OBJECTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  namespaces: {},
  nodes: { spec: { podCIDR: '10.1.0.0/24' }, status: { capacity: { cpu: '2', memory: '1Gi' } } },
  pods: {
    spec: {
      ...pod,
      nodeName: 'n1',
      tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
    },
  },
  configmaps: { data: { a: '1' }, binaryData: { b: 'YQ==' } },
  secrets: { type: 'Opaque', data: { a: 'YQ==' } },
  serviceaccounts: { secrets: [{ name: 's' }] },
  services: { spec: { type: 'NodePort', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
  endpoints: { subsets: [{ addresses: [{ ip: '10.1.0.7' }], ports: [{ port: 80 }] }] },
  events: {
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'a' },
    reason: 'Tested',
    message: 'm',
    type: 'Normal',
    source: { component: 'test' },
  },
  'leases.coordination.k8s.io': { spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } },
  'endpointslices.discovery.k8s.io': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.7'], hints: { forZones: [{ name: 'z' }] } }],
    ports: [{ name: 'http', port: 80 }],
  },
  'deployments.apps': { spec: { replicas: 2, selector, template } },
  'replicasets.apps': { spec: { replicas: 2, selector, template } },
  'statefulsets.apps': {
    spec: {
      serviceName: 'web',
      selector,
      template,
      volumeClaimTemplates: [
        {
          metadata: { name: 'd' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
  'daemonsets.apps': { spec: { selector, template } },
  'controllerrevisions.apps': { revision: 1, data: { a: 1 } },
  podtemplates: { template },
  replicationcontrollers: { spec: { replicas: 1, selector: labels, template } },
  'jobs.batch': { spec: { template: jobTemplate } },
  'cronjobs.batch': { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  'priorityclasses.scheduling.k8s.io': { value: 7 },
  'roles.rbac.authorization.k8s.io': { rules },
  'clusterroles.rbac.authorization.k8s.io': { rules },
  'rolebindings.rbac.authorization.k8s.io': { roleRef: { ...role, kind: 'Role' }, subjects },
  'clusterrolebindings.rbac.authorization.k8s.io': { roleRef: { ...role, kind: 'ClusterRole' }, subjects },
  resourcequotas: { spec: { hard: { pods: '5', 'requests.cpu': '2' } } },
  limitranges: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
  persistentvolumes: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  },
  persistentvolumeclaims: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  'poddisruptionbudgets.policy': { spec: { minAvailable: '50%', selector } },
  'horizontalpodautoscalers.autoscaling': {
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  },
  'ingresses.networking.k8s.io': {
    spec: {
      rules: [
        {
          host: 'example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  'ingressclasses.networking.k8s.io': { spec: { controller: 'example.com/ingress' } },
  'networkpolicies.networking.k8s.io': {
    spec: { podSelector: selector, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80 }] }] },
  },
  'storageclasses.storage.k8s.io': { provisioner: 'example.com/disk' },
  'csidrivers.storage.k8s.io': { spec: { attachRequired: false } },
  'csinodes.storage.k8s.io': { spec: { drivers: [{ name: 'example.com', nodeID: 'n1' }] } },
  'csistoragecapacities.storage.k8s.io': { storageClassName: 'fast', capacity: '1Gi' },
  'volumeattachments.storage.k8s.io': {
    spec: { attacher: 'example.com', nodeName: 'n1', source: { persistentVolumeName: 'v' } },
  },
  'volumeattributesclasses.storage.k8s.io': { driverName: 'example.com', parameters: { a: 'b' } },
  'flowschemas.flowcontrol.apiserver.k8s.io': {
    spec: {
      priorityLevelConfiguration: { name: 'workload-low' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'jane' } }],
          resourceRules: [{ verbs: ['list'], apiGroups: ['apps'], resources: ['*'], namespaces: ['shop'] }],
        },
      ],
    },
  },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
  },
  'servicecidrs.networking.k8s.io': { spec: { cidrs: ['10.112.0.0/16'] } },
  'ipaddresses.networking.k8s.io': {
    spec: { parentRef: { group: 'example.com', resource: 'gateways', namespace: 'shop', name: 'web' } },
  },
  'storageversionmigrations.storagemigration.k8s.io': {
    spec: { resource: { group: 'apps', resource: 'deployments' } },
  },
  'runtimeclasses.node.k8s.io': { handler: 'runc' },
  'certificatesigningrequests.certificates.k8s.io': {
    spec: { request: PEM_REQUEST, signerName: 'example.com/signer', usages: ['client auth'] },
  },
  'clustertrustbundles.certificates.k8s.io': { spec: { trustBundle: ANCHOR } },
  'podcertificaterequests.certificates.k8s.io': {
    spec: {
      signerName: 'example.com/signer',
      podName: 'a',
      podUID: 'u1',
      serviceAccountName: 'default',
      serviceAccountUID: 'u2',
      nodeName: 'n1',
      nodeUID: 'u3',
      stubPKCS10Request: REQUEST,
    },
  },
  'deviceclasses.resource.k8s.io': { spec: { selectors: [{ cel: { expression: 'device.driver == "example.com"' } }] } },
  'resourceclaims.resource.k8s.io': { spec: claimSpec },
  'resourceclaimtemplates.resource.k8s.io': { spec: { metadata: { labels }, spec: claimSpec } },
  'resourceslices.resource.k8s.io': {
    spec: {
      driver: 'example.com',
      pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n1',
      devices: [{ name: 'd0', attributes: { model: { string: 'a' } }, capacity: { memory: { value: '1Gi' } } }],
    },
  },
  'devicetaintrules.resource.k8s.io': {
    spec: { deviceSelector: { driver: 'example.com' }, taint: { key: 'example.com/broken', effect: 'NoExecute' } },
  },
};

/** A name that objects of the kind may have. */
export const sampleNameOf = (key: string): string => (key === 'ipaddresses.networking.k8s.io' ? '10.112.0.7' : 'a');
