import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlMinor } from '../cluster/kubectl-program.ts';
import { KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { KubectlSession, type Step } from './kubectl-session.ts';

const MINOR_MIN = 31;
const canRun = kubectlMinor() >= MINOR_MIN;
if (!canRun) console.log(`SKIPPED: tests of kubectl create, because ${KUBECTL} is not 1.${MINOR_MIN} or later`);

describe.skipIf(!canRun)('kubectl create', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'made');
    await kubectl.open();
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  /** What a generator makes, under dry run by the server and for good; then what it holds. */
  const GENERATORS: readonly (readonly [command: string, made: string, path: string, holds: unknown])[] = [
    [
      'clusterrole reader --verb=get,list --resource=pods,deployments.apps --resource-name=one',
      'clusterrole.rbac.authorization.k8s.io/reader',
      '{.rules}',
      [
        { apiGroups: [''], resourceNames: ['one'], resources: ['pods'], verbs: ['get', 'list'] },
        { apiGroups: ['apps'], resourceNames: ['one'], resources: ['deployments'], verbs: ['get', 'list'] },
      ],
    ],
    [
      'clusterrole logs --verb=get --non-resource-url=/logs/*',
      'clusterrole.rbac.authorization.k8s.io/logs',
      '{.rules}',
      [{ nonResourceURLs: ['/logs/*'], verbs: ['get'] }],
    ],
    [
      'clusterrole all --aggregation-rule=tests.example/all=true',
      'clusterrole.rbac.authorization.k8s.io/all',
      '{.aggregationRule}',
      { clusterRoleSelectors: [{ matchLabels: { 'tests.example/all': 'true' } }] },
    ],
    [
      'clusterrolebinding readers --clusterrole=reader --user=jane --group=staff --serviceaccount=made:default',
      'clusterrolebinding.rbac.authorization.k8s.io/readers',
      '{.subjects}',
      [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'staff' },
        { kind: 'ServiceAccount', name: 'default', namespace: 'made' },
      ],
    ],
    [
      'configmap files --from-file=hello.txt --from-literal=x=y',
      'configmap/files',
      '{.data}',
      { 'hello.txt': 'hello\n', x: 'y' },
    ],
    ['configmap env --from-env-file=f.env', 'configmap/env', '{.data}', { a: '1', b: '2' }],
    [
      "cronjob tick --image=registry.example/tick --schedule='*/5 * * * *' -- date",
      'cronjob.batch/tick',
      '{.spec.schedule}',
      '*/5 * * * *',
    ],
    [
      'deployment web --image=registry.example/web:1 --replicas=2 --port=80',
      'deployment.apps/web',
      '{.spec.template.spec.containers[0].ports}',
      [{ containerPort: 80, protocol: 'TCP' }],
    ],
    [
      'ingress front --rule=shop.example/cart*=web:80,tls=cert --class=inner --annotation=a=b',
      'ingress.networking.k8s.io/front',
      '{.spec}',
      {
        ingressClassName: 'inner',
        rules: [
          {
            host: 'shop.example',
            http: {
              paths: [
                { backend: { service: { name: 'web', port: { number: 80 } } }, path: '/cart', pathType: 'Prefix' },
              ],
            },
          },
        ],
        tls: [{ hosts: ['shop.example'], secretName: 'cert' }],
      },
    ],
    [
      'ingress back --default-backend=web:http',
      'ingress.networking.k8s.io/back',
      '{.spec.defaultBackend}',
      { service: { name: 'web', port: { name: 'http' } } },
    ],
    [
      'job once --image=registry.example/once -- date',
      'job.batch/once',
      '{.spec.template.spec.restartPolicy}',
      'Never',
    ],
    [
      'job now --from=cronjob/tick',
      'job.batch/now',
      '{.metadata.annotations}',
      { 'cronjob.kubernetes.io/instantiate': 'manual' },
    ],
    [
      'poddisruptionbudget keep --selector=app=web --min-available=50%',
      'poddisruptionbudget.policy/keep',
      '{.spec}',
      { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
    ],
    [
      'priorityclass high --value=1000 --description=urgent --preemption-policy=Never',
      'priorityclass.scheduling.k8s.io/high',
      '{.preemptionPolicy}',
      'Never',
    ],
    ['quota much --hard=cpu=100,pods=200', 'resourcequota/much', '{.spec.hard}', { cpu: '100', pods: '200' }],
    ['quota best --hard=pods=100 --scopes=BestEffort', 'resourcequota/best', '{.spec.scopes}', ['BestEffort']],
    [
      'role watcher --verb=get --verb=watch --resource=pods,rs.apps,pods/status',
      'role.rbac.authorization.k8s.io/watcher',
      '{.rules}',
      [
        { apiGroups: [''], resources: ['pods', 'pods/status'], verbs: ['get', 'watch'] },
        { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'watch'] },
      ],
    ],
    [
      'rolebinding watchers --role=watcher --user=jane',
      'rolebinding.rbac.authorization.k8s.io/watchers',
      '{.roleRef}',
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
    ],
    ['secret generic words --from-literal=p=q --type=tests.example/x', 'secret/words', '{.data}', { p: 'cQ==' }],
    ['secret tls cert --cert=cert.pem --key=key.pem', 'secret/cert', '{.type}', 'kubernetes.io/tls'],
    [
      'secret docker-registry pull --docker-server=registry.example --docker-username=u --docker-password=p',
      'secret/pull',
      '{.type}',
      'kubernetes.io/dockerconfigjson',
    ],
    [
      'service clusterip inner --tcp=5678:8080',
      'service/inner',
      '{.spec.ports}',
      [{ name: '5678-8080', port: 5678, protocol: 'TCP', targetPort: 8080 }],
    ],
    ['service clusterip headless --clusterip=None', 'service/headless', '{.spec.clusterIPs}', ['None']],
    ['service externalname outer --external-name=example.org', 'service/outer', '{.spec.externalName}', 'example.org'],
    ['service loadbalancer balanced --tcp=80:8080', 'service/balanced', '{.spec.type}', 'LoadBalancer'],
    ['service nodeport open --tcp=80:8080 --node-port=30123', 'service/open', '{.spec.ports[0].nodePort}', 30123],
    ['serviceaccount robot', 'serviceaccount/robot', '{.metadata.name}', 'robot'],
  ];

  test('every generator makes what it says, and a dry run only says so', async () => {
    kubectl.file('hello.txt', 'hello\n');
    kubectl.file('f.env', 'a=1\nb=2\n');
    const pem = (name: string) => join(kubectl.folder, name);
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=x',
    ];
    execFileSync('openssl', [...request, '-keyout', pem('key.pem'), '-out', pem('cert.pem')], { stdio: 'ignore' });
    for (const [command, made, path, holds] of GENERATORS) {
      const [flags = '', program = ''] = command.split(' -- ');
      const rest = program ? ` -- ${program}` : '';
      await kubectl.play([
        [`create ${flags} --dry-run=server${rest}`, `${made} created (server dry run)\n`],
        [`create ${command}`, `${made} created\n`],
      ]);
      const found = await kubectl.output(`get ${made} -o jsonpath=${path}`);
      expect(typeof holds === 'string' ? found : JSON.parse(found), command).toEqual(holds);
    }
  });

  test('tokens, pods, services and scalers of what is there', async () => {
    const token = await kubectl.output('create token robot --duration=1h --audience=tests.example');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    expect(claims).toMatchObject({ aud: ['tests.example'], sub: 'system:serviceaccount:made:robot' });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3600);
    const steps: readonly Step[] = [
      ['delete quota --all', 'resourcequota "best" deleted\nresourcequota "much" deleted\n'],
      [
        'run one --image=registry.example/one --port=80 --expose --labels=a=b --env=X=Y',
        'service/one created\npod/one created\n',
      ],
      ['get pod one -o jsonpath={.spec.containers[0].env}', '[{"name":"X","value":"Y"}]'],
      ['get service one -o jsonpath={.spec.selector}', '{"a":"b"}'],
      ['run two --image=registry.example/two --dry-run=server', 'pod/two created (server dry run)\n'],
      [
        'run two --image=registry.example/two --restart=OnFailure --overrides={"spec":{"hostNetwork":true}}',
        'pod/two created\n',
      ],
      ['get pod two -o jsonpath={.spec.hostNetwork}/{.spec.restartPolicy}', 'true/OnFailure'],
      ['expose deployment web --port=80 --target-port=8080 --name=exposed', 'service/exposed exposed\n'],
      [
        'get service exposed -o jsonpath={.spec.selector}{.spec.ports}',
        '{"app":"web"}[{"port":80,"protocol":"TCP","targetPort":8080}]',
      ],
      [
        'autoscale deployment web --min=1 --max=3 --cpu-percent=80',
        'horizontalpodautoscaler.autoscaling/web autoscaled\n',
      ],
      ['get hpa web --no-headers', /^web +Deployment\/web +cpu: <unknown>\/80% +1 +3 +0 +\d+s\n$/],
      ['get horizontalpodautoscalers.v1.autoscaling web -o jsonpath={.spec.targetCPUUtilizationPercentage}', '80'],
      [
        'create -f - -o name',
        {
          stdin: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { generateName: 'some-' },
            spec: { containers: [{ name: 'c', image: 'i' }] },
          },
          out: /^pod\/some-[a-z0-9]{5}\n$/,
        },
      ],
    ];
    await kubectl.play(steps);
  });

  test('what is wrong is refused in the words of the server', async () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'wrong' } };
    kubectl.file('unknown.json', { ...configMap, dat: {} });
    await kubectl.play([
      [
        'create -f unknown.json',
        {
          err: 'Error from server (BadRequest): error when creating "unknown.json": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"\n',
        },
      ],
      [
        'create -f unknown.json --validate=warn',
        { err: 'Warning: unknown field "dat"\n', out: 'configmap/wrong created\n', code: 0 },
      ],
      ['replace -f unknown.json --validate=ignore', { err: '', out: 'configmap/wrong replaced\n', code: 0 }],
      ['replace -f unknown.json --validate=false', 'configmap/wrong replaced\n'],
      [
        'create -f -',
        {
          stdin: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'Bad_' }, spec: { containers: [{ name: 'x' }] } },
          err: /^The Pod "Bad_" is invalid: \n\* metadata\.name: Invalid value: "Bad_": a lowercase RFC 1123 subdomain .*\n\* spec\.containers\[0\]\.image: Required value\n$/,
        },
      ],
      [
        'create configmap Bad_',
        {
          err: /^error: failed to create configmap: ConfigMap "Bad_" is invalid: metadata\.name: Invalid value: "Bad_"/,
        },
      ],
      ['create namespace made', { err: 'Error from server (AlreadyExists): namespaces "made" already exists\n' }],
      [
        'create job gone --from=cronjob/none',
        { err: 'Error from server (NotFound): cronjobs.batch "none" not found\n' },
      ],
    ]);
  });
});
