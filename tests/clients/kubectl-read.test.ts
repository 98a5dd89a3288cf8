import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlMinor } from '../cluster/kubectl-program.ts';
import { KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { columnsOf, KubectlSession } from './kubectl-session.ts';

const MINOR_MIN = 31;
const canRun = kubectlMinor() >= MINOR_MIN;
if (!canRun) console.log(`SKIPPED: tests of what kubectl reads, because ${KUBECTL} is not 1.${MINOR_MIN} or later`);

const AGE = '\\d+s';

describe.skipIf(!canRun)('kubectl reads objects', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'read');
    await kubectl.open();
    await kubectl.play([
      ['create deployment web --image=registry.example/web:1 --replicas=2 --port=80'],
      ['expose deployment web --port=80'],
      ['run one --image=registry.example/one --labels=tier=front'],
      ['create configmap a --from-literal=k=1'],
      ['create configmap b --from-literal=k=2'],
      ['rollout status deployment/web'],
      ['wait pod/one --for=condition=Ready --timeout=30s'],
    ]);
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  test('explain, at a depth, of everything below, of a version, and in its older form', async () => {
    await kubectl.play([
      [
        'explain pod.spec.containers --recursive',
        /^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: containers <\[\]Container>\n[^]*\nFIELDS:\n {2}args\t<\[\]string>\n {2}command\t<\[\]string>\n {2}env\t<\[\]EnvVar>\n {4}name\t<string> -required-\n/,
      ],
      [
        'explain deployment.spec.strategy',
        /^GROUP: {6}apps\nKIND: {7}Deployment\nVERSION: {4}v1\n\nFIELD: strategy <DeploymentStrategy>\n[^]* {2}type\t<string>\n {2}enum: Recreate, RollingUpdate\n/,
      ],
      [
        'explain horizontalpodautoscaler --api-version=autoscaling/v1',
        /^GROUP: {6}autoscaling\nKIND: {7}HorizontalPodAutoscaler\nVERSION: {4}v1\n\nDESCRIPTION:\n {4}configuration of a horizontal pod autoscaler\./,
      ],
      ['explain pod.none', { err: 'error: field "none" does not exist\n' }],
      ['explain none', { err: /the server doesn't have a resource type "none"\n$/ }],
    ]);
    await kubectl.play([
      [
        'explain pod.spec.containers --output plaintext-openapiv2',
        /^KIND: {5}Pod\nVERSION: {2}v1\n\nRESOURCE: containers <\[\]Object>\n/,
      ],
    ]);
  });

  test('get in every output', async () => {
    await kubectl.play([
      ['get configmaps', new RegExp(`^NAME +DATA +AGE\na +1 +${AGE}\nb +1 +${AGE}\nkube-root-ca\\.crt +1 +${AGE}\n$`)],
      ['get configmaps -o name', 'configmap/a\nconfigmap/b\nconfigmap/kube-root-ca.crt\n'],
      ['get configmaps --no-headers --chunk-size=1 -o name', 'configmap/a\nconfigmap/b\nconfigmap/kube-root-ca.crt\n'],
      ['get configmap a -o jsonpath={.data.k}', '1'],
      [
        'get configmaps -o custom-columns=N:.metadata.name,K:.data.k',
        'N                  K\na                  1\nb                  2\nkube-root-ca.crt   <none>\n',
      ],
      ['get configmaps -o go-template={{range.items}}{{.metadata.name}}{{"\\n"}}{{end}}', 'a\nb\nkube-root-ca.crt\n'],
      [
        'get configmap a -o yaml',
        /^apiVersion: v1\ndata:\n {2}k: "1"\nkind: ConfigMap\nmetadata:\n {2}creationTimestamp: "[-\d]+T[:\d]+Z"\n {2}name: a\n {2}namespace: read\n {2}resourceVersion: "\d+"\n {2}uid: [-0-9a-f]{36}\n$/,
      ],
      ['get configmap a -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"data": \{\n {8}"k": "1"\n {4}\},\n/],
      [
        'get pods -L app,tier --sort-by=.metadata.name --no-headers',
        new RegExp(`^one +1/1 +Running +0 +${AGE} +front\nweb-\\S+ +1/1 +Running +0 +${AGE} +web +\nweb-`),
      ],
      [
        'get pod one --show-labels',
        new RegExp(`^NAME +READY +STATUS +RESTARTS +AGE +LABELS\none +1/1 +Running +0 +${AGE} +tier=front\n$`),
      ],
      ["get pods --sort-by='{.metadata.name}' -o name", /^pod\/one\npod\/web-\S+\npod\/web-\S+\n$/],
      [
        'get pods --field-selector=status.phase!=Running',
        { out: '', err: 'No resources found in read namespace.\n', code: 0 },
      ],
      [
        'get pods --field-selector=none=1',
        {
          err: 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "none=1": field label not supported: none\n',
        },
      ],
      ["get pods -l 'app in (web,other),!tier' -o name", /^pod\/web-\S+\npod\/web-\S+\n$/],
      ["get pods -l 'app in'", { err: /unable to parse requirement/ }],
      [
        'get serviceaccounts -A -o jsonpath={.items[*].metadata.namespace}',
        /^default kube-node-lease kube-public kube-system read$/,
      ],
      ['get pods,services,none', { err: 'error: the server doesn\'t have a resource type "none"\n' }],
      ['get pod none', { err: 'Error from server (NotFound): pods "none" not found\n' }],
      ['get pod none --ignore-not-found', ''],
      [
        'get pod one a b',
        {
          out: /^NAME /,
          err: 'Error from server (NotFound): pods "a" not found\nError from server (NotFound): pods "b" not found\n',
        },
      ],
      ['get deployment web --subresource=status -o jsonpath={.status.replicas}', '2'],
      [
        'get deployment web --subresource=scale -o jsonpath={.kind},{.spec.replicas},{.status.selector}',
        'Scale,2,app=web',
      ],
      [
        'get deployment web --subresource=none',
        { err: 'Error from server (NotFound): the server could not find the requested resource\n' },
      ],
      ['get deployment.v1.apps/web -o name', 'deployment.apps/web\n'],
    ]);
    if (kubectlMinor() >= 36) await kubectl.play([['get configmap a -o kyaml', /^---\n\{\n/]]);
    const all = await kubectl.output('get all');
    for (const heading of ['pod/one ', 'service/web ', 'deployment.apps/web ', 'replicaset.apps/web-'])
      expect(all).toContain(heading);
    const managed = JSON.parse(await kubectl.output('get configmap a -o json --show-managed-fields'));
    expect(managed.metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'v1',
        time: managed.metadata.creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:k': {} } },
      },
    ]);
    expect(columnsOf(await kubectl.output('get deployment web -o wide'))).toEqual([
      'NAME',
      'READY',
      'UP-TO-DATE',
      'AVAILABLE',
      'AGE',
      'CONTAINERS',
      'IMAGES',
      'SELECTOR',
    ]);
  });

  test('get --watch tells what happens, as a table and as objects', async () => {
    const args = [
      '--kubeconfig',
      cluster.kubeconfig,
      '-n',
      'read',
      'get',
      'configmaps',
      '-l',
      'watched',
      '--watch',
      '--output-watch-events',
    ];
    const seen = { table: '', json: '' };
    const watchers = [spawn(KUBECTL, args), spawn(KUBECTL, [...args, '-o', 'json'])];
    watchers[0]?.stdout.on('data', (chunk) => (seen.table += chunk));
    watchers[1]?.stdout.on('data', (chunk) => (seen.json += chunk));
    try {
      await kubectl.play([['create configmap first --from-literal=k=1'], ['label configmap first watched=yes']]);
      await expect
        .poll(() => seen.table.includes('first') && seen.json.includes('first'), { timeout: 30_000 })
        .toBe(true);
      await kubectl.play([
        ['patch configmap first -p {"data":{"l":"2"}}'],
        ['label configmap first watched-'],
        ['label configmap first watched=again'],
        ['delete configmap first'],
      ]);
      await expect.poll(() => seen.table.split('\n').length, { timeout: 30_000 }).toBeGreaterThanOrEqual(7);
      const line = (type: string, data: number) => `${type} +first +${data} +${AGE}\n`;
      expect(seen.table).toMatch(
        new RegExp(
          `^EVENT +NAME +DATA +AGE\n${line('ADDED', 1)}${line('MODIFIED', 2)}${line('DELETED', 2)}${line('ADDED', 2)}${line('DELETED', 2)}$`,
        ),
      );
      expect([...seen.json.matchAll(/"type": ?"(\w+)"/g)].map(([, type]) => type)).toEqual([
        'ADDED',
        'MODIFIED',
        'DELETED',
        'ADDED',
        'DELETED',
      ]);
    } finally {
      for (const watcher of watchers) watcher.kill();
    }
  });

  test('wait for conditions, values, creation and deletion', async () => {
    const later = async (command: string) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await kubectl.play([[command]]);
    };
    await kubectl.play([
      ['wait deployment/web --for=condition=Available --timeout=20s', 'deployment.apps/web condition met\n'],
      [
        'wait deployment/web --for=condition=Progressing=False --timeout=100ms',
        { err: 'error: timed out waiting for the condition on deployments/web\n' },
      ],
      ['wait pod/one --for=jsonpath={.status.phase}=Running --timeout=20s', 'pod/one condition met\n'],
      ['wait pod/one --for=jsonpath={.status.podIP} --timeout=20s', 'pod/one condition met\n'],
      [
        'wait pods --all --for=condition=Ready --timeout=20s',
        /^pod\/one condition met\npod\/web-\S+ condition met\npod\/web-\S+ condition met\n$/,
      ],
      [
        'wait pod/none --for=condition=Ready --timeout=1s',
        { err: 'Error from server (NotFound): pods "none" not found\n' },
      ],
      ['wait pods -l none=none --for=condition=Ready --timeout=1s', { err: 'error: no matching resources found\n' }],
    ]);
    await Promise.all([
      kubectl.play([['wait configmap/late --for=create --timeout=30s', 'configmap/late condition met\n']]),
      later('create configmap late'),
    ]);
    await Promise.all([
      kubectl.play([['wait configmap/late --for=delete --timeout=30s', 'configmap/late condition met\n']]),
      later('delete configmap late'),
    ]);
  });

  test('auth can-i, whoami and reconcile', async () => {
    const role = (rules: object[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r', namespace: 'read' },
      rules,
    });
    const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
    kubectl.file('roles.json', role([secrets]));
    await kubectl.play([
      ['create -f -', { stdin: role([pods]), out: 'role.rbac.authorization.k8s.io/r created\n' }],
      ['create rolebinding r --role=r --user=jane'],
      ['auth can-i create deployments.apps --subresource=scale', 'yes\n'],
      ['auth can-i get pods --as=jane', 'yes\n'],
      ['auth can-i get pods --subresource=log --as=jane', { out: 'no\n', code: 1 }],
      ['auth can-i get pods --as=jane -n default', { out: 'no\n', code: 1 }],
      ['auth can-i get pods/one --as=jane', 'yes\n'],
      ['auth can-i get /healthz --as=jane', 'yes\n'],
      ['auth can-i get /logs --as=jane', { out: 'no\n', code: 1 }],
      [
        'auth can-i get none',
        { out: 'yes\n', err: /^Warning: the server doesn't have a resource type 'none'\n/, code: 0 },
      ],
      ['auth can-i list nodes -q', ''],
      [
        'auth can-i --list',
        /^Resources +Non-Resource URLs +Resource Names +Verbs\n\*\.\* +\[\] +\[\] +\[\*\]\n +\[\*\] +\[\] +\[\*\]\nselfsubjectreviews\./,
      ],
      ['auth can-i --list --as=jane', /\npods +\[\] +\[\] +\[get\]\n/],
      [
        'auth whoami',
        'ATTRIBUTE   VALUE\nUsername    kubernetes-admin\nGroups      [system:masters system:authenticated]\n',
      ],
      [
        'auth whoami --as=jane --as-group=staff -o jsonpath={.status.userInfo}',
        '{"groups":["staff","system:authenticated"],"username":"jane"}',
      ],
      [
        'auth reconcile -f roles.json --dry-run=client',
        // The reasons are on standard error since 1.34.
        /^role\.rbac\.authorization\.k8s\.io\/r reconciled \(dry run\)\n/,
      ],
      ['get role r -o jsonpath={.rules[*].resources[0]}', 'pods'],
      ['auth reconcile -f roles.json', /^role\.rbac\.authorization\.k8s\.io\/r reconciled\n/],
      ['get role r -o jsonpath={.rules[*].resources[0]}', 'pods secrets'],
      [
        'auth reconcile -f roles.json --remove-extra-permissions',
        /^role\.rbac\.authorization\.k8s\.io\/r reconciled\n/,
      ],
      ['get role r -o jsonpath={.rules[*].resources[0]}', 'secrets'],
    ]);
  });

  test('api-resources and api-versions', async () => {
    await kubectl.play([
      [
        'api-resources -o wide --api-group=apps',
        /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND +VERBS +CATEGORIES\ncontrollerrevisions +apps\/v1 +true +ControllerRevision +create,delete,deletecollection,get,list,patch,update,watch +\ndaemonsets +ds +apps\/v1 +true +DaemonSet +create,delete,deletecollection,get,list,patch,update,watch +all\n/,
      ],
      [
        'api-resources --categories=all -o name',
        'pods\nreplicationcontrollers\nservices\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\nhorizontalpodautoscalers.autoscaling\ncronjobs.batch\njobs.batch\n',
      ],
      [
        'api-resources --namespaced=false --api-group= --no-headers',
        /^(?:componentstatuses +cs +v1 +false +ComponentStatus\n)?namespaces +ns +v1 +false +Namespace\nnodes +no +v1 +false +Node\npersistentvolumes +pv +v1 +false +PersistentVolume\n$/,
      ],
      ['api-resources --verbs=list,create --namespaced --api-group=batch -o name', 'cronjobs.batch\njobs.batch\n'],
      ['api-versions', /^(?:\S+\/v\d\w*\n)+v1\n$/],
    ]);
  });

  test('events: of an object, of a type, and as they come', async () => {
    await kubectl.play([
      ['events --for pod/one --no-headers', /Normal +Scheduled +Pod\/one +Successfully assigned read\/one to /],
      ['events --types=Warning', { out: '', err: /^No (?:events|resources) found in read namespace\.\n$/, code: 0 }],
      [
        'get events --field-selector involvedObject.name=one,reason=Started',
        new RegExp(`^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n${AGE} +Normal +Started +pod/one +Container started\n$`),
      ],
    ]);
    const watcher = spawn(KUBECTL, [
      '--kubeconfig',
      cluster.kubeconfig,
      '-n',
      'read',
      'events',
      '--watch',
      '--types=Normal',
    ]);
    let seen = '';
    watcher.stdout.on('data', (chunk) => (seen += chunk));
    try {
      await kubectl.play([['scale deployment web --replicas=3']]);
      await expect
        .poll(() => seen, { timeout: 30_000 })
        .toMatch(/ScalingReplicaSet +Deployment\/web +Scaled up replica set web-\w+ from 2 to 3\n/);
    } finally {
      watcher.kill();
    }
  });

  test('describe of every kind that is there', async () => {
    await kubectl.play([
      [
        'describe pod one',
        /^Name: +one\nNamespace: +read\nPriority: +0\nService Account: +default\n[^]*\nQoS Class: +BestEffort\n[^]*\nEvents:\n[^]*Successfully assigned read\/one to /,
      ],
      [
        'describe deployment web',
        /\nReplicas: +[23] desired \| [23] updated \| [23] total \| \d available \| \d unavailable\n/,
      ],
      [
        'describe service web',
        /\nType: +ClusterIP\nIP Family Policy: +SingleStack\nIP Families: +IPv4\n[^]*\nEndpoints: +10\.\d+\.\d+\.\d+:80/,
      ],
      ['describe configmap a', /\nData\n====\nk:\n----\n1\n/],
      [
        'describe namespace read',
        'Name:         read\nLabels:       kubernetes.io/metadata.name=read\nAnnotations:  <none>\nStatus:       Active\n\nNo resource quota.\n\nNo LimitRange resource.\n',
      ],
      ['describe nodes', /\nConditions:\n[^]*\n {2}Ready +True [^]*\nNon-terminated Pods: +\([34] in total\)\n/],
      ['describe none', { err: 'error: the server doesn\'t have a resource type "none"\n' }],
    ]);
    // Programs before 1.34 describe these by versions that were never the default.
    const isOfBeta = /^(?:ipaddresses|servicecidrs)\./;
    const kinds = (await kubectl.output('api-resources --verbs=list,get -o name'))
      .trim()
      .split('\n')
      .filter((kind) => kubectlMinor() >= 34 || !isOfBeta.test(kind));
    for (const kind of kinds) {
      const { code, stderr } = await kubectl.run(`describe ${kind}`);
      expect([kind, code, stderr.replace(/^Warning: .*\n/gm, '').replace(/^No resources found.*\n/m, '')]).toEqual([
        kind,
        0,
        '',
      ]);
    }
  });

  test('cluster-info, its dump, version and plugins', async () => {
    await kubectl.play([
      // Colours are for terminals only.
      [
        'cluster-info',
        `Kubernetes control plane is running at ${cluster.server}\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`,
      ],
      ['cluster-info dump --namespaces read --output-directory=dump', 'Cluster info dumped to dump\n'],
      ['version', /^Client Version: v1\.\d+\.\d+.*\nKustomize Version: v\d.*\nServer Version: v1\.37\.0\+zeroplane\n/],
      [
        'version -o yaml',
        /\nserverVersion:\n {2}buildDate: "[-\d]+T[:\d]+Z"\n {2}compiler: [^]* {2}major: "1"\n[^]* {2}minor: "37"\n/,
      ],
      [
        'plugin list',
        { err: /error: unable to find any kubectl plugins in your PATH\n$/, env: { PATH: '/usr/bin:/bin' } },
      ],
    ]);
  });

  test('a proxy to the API, on a port and on a socket', async () => {
    const proxy = (...flags: string[]) => spawn(KUBECTL, ['--kubeconfig', cluster.kubeconfig, 'proxy', ...flags]);
    const said = (process: ReturnType<typeof proxy>) =>
      new Promise<string>((resolve) => process.stdout.once('data', (chunk: Buffer) => resolve(String(chunk))));
    const ask = (options: object) =>
      new Promise<unknown>((resolve, reject) =>
        get({ path: '/api/v1/namespaces/read', headers: { host: 'localhost' }, ...options }, (answer) => {
          let text = '';
          answer.on('data', (chunk) => (text += chunk)).on('end', () => resolve(JSON.parse(text)));
        }).on('error', reject),
      );
    const socketPath = join(kubectl.folder, 'proxy.sock');
    const proxies = [proxy('--port=0'), proxy(`--unix-socket=${socketPath}`)] as const;
    try {
      const [line, other] = await Promise.all(proxies.map(said));
      expect(line).toMatch(/^Starting to serve on 127\.0\.0\.1:\d+\n$/);
      expect(other).toBe(`Starting to serve on ${socketPath}\n`);
      const port = Number(line?.trim().split(':').at(-1));
      for (const options of [{ host: '127.0.0.1', port }, { socketPath }])
        expect(await ask(options)).toMatchObject({ kind: 'Namespace', metadata: { name: 'read' } });
    } finally {
      for (const process of proxies) process.kill();
    }
  });
});
