import { afterAll, beforeAll, describe, test } from 'vitest';
import { kubectlMinor } from '../cluster/kubectl-program.ts';
import { KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { KubectlSession, type Step } from './kubectl-session.ts';

const MINOR_MIN = 31;
const canRun = kubectlMinor() >= MINOR_MIN;
if (!canRun) console.log(`SKIPPED: tests of kubectl's changes, because ${KUBECTL} is not 1.${MINOR_MIN} or later`);

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

const configMap = (name: string, a: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { set: 'one' } },
  data: { a },
});

describe.skipIf(!canRun)('kubectl changes objects', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'changed');
    await kubectl.open();
    await kubectl.play([['create -f -', { stdin: configMap('app1', '2') }]]);
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  test('an object written back as a typed client writes it is no change', async () => {
    const deployment = (podSpec: object, container: object) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'typed', creationTimestamp: null },
      spec: {
        selector: { matchLabels: { app: 'typed' } },
        strategy: {},
        template: {
          metadata: { labels: { app: 'typed' }, creationTimestamp: null },
          spec: { containers: [{ name: 'c', image: 'registry.example/c', ...container }], ...podSpec },
        },
      },
      status: {},
    });
    const zeros = deployment(
      { hostNetwork: false, nodeSelector: {}, tolerations: [], nodeName: '' },
      { stdin: false, workingDir: '', args: [], env: [], ports: [{ containerPort: 80, hostPort: 0 }] },
    );
    const rolledOutOnce: Step = ['get replicasets -l app=typed -o name', /^replicaset\.apps\/typed-\w+\n$/];
    await kubectl.play([
      ['create -f -', { stdin: zeros, out: 'deployment.apps/typed created\n' }],
      [
        'replace -f -',
        {
          stdin: deployment({}, { resources: {}, ports: [{ containerPort: 80, protocol: 'TCP' }] }),
          out: 'deployment.apps/typed replaced\n',
        },
      ],
      rolledOutOnce,
      [
        'patch deployment typed --type=merge -p {"spec":{"paused":false,"template":{"spec":{"hostPID":false}}}}',
        'deployment.apps/typed patched (no change)\n',
      ],
      rolledOutOnce,
      [
        'get deployment typed -o jsonpath={.spec.template.spec.containers[0].stdin}{.spec.template.spec.hostNetwork}{.spec.template.spec.tolerations}',
        '',
      ],
      ['delete deployment typed', 'deployment.apps "typed" deleted\n'],
    ]);
  });

  test('debug adds an ephemeral container, or copies the pod', async () => {
    await kubectl.play([
      ['run broken --image=registry.example/broken', 'pod/broken created\n'],
      ['debug broken --image=registry.example/tools --container=tools --attach=false', ''],
      ['get pod broken -o jsonpath={.spec.ephemeralContainers[*].name}', 'tools'],
      ['debug broken --copy-to=copy --image=registry.example/tools --container=tools --attach=false', ''],
      ['get pod copy -o jsonpath={.spec.containers[*].name}', 'broken tools'],
      ['delete pod broken copy --now', 'pod "broken" deleted\npod "copy" deleted\n'],
    ]);
  });

  test('patches of every type, of objects and of subresources', async () => {
    const steps: readonly Step[] = [
      ['create deployment web --image=registry.example/web:1 --replicas=1', 'deployment.apps/web created\n'],
      ['patch configmap app1 -p {"data":{"b":"2"}}', 'configmap/app1 patched\n'],
      ['patch configmap app1 -p {"data":{"b":"2"}}', 'configmap/app1 patched (no change)\n'],
      ['patch configmap app1 --type=merge -p {"data":{"b":null}}', 'configmap/app1 patched\n'],
      [
        'patch configmap app1 --type=json -p [{"op":"test","path":"/data/a","value":"2"},{"op":"add","path":"/data/c","value":"3"}]',
        'configmap/app1 patched\n',
      ],
      ['get configmap app1 -o jsonpath={.data}', '{"a":"2","c":"3"}'],
      [
        'patch configmap app1 --type=json -p [{"op":"test","path":"/data/a","value":"no"}]',
        { err: 'The request is invalid: the server rejected our request due to an error in our request\n' },
      ],
      [
        'patch configmap app1 --type=json -p [{"op":"remove","path":"/data/none"}]',
        { err: 'The request is invalid: the server rejected our request due to an error in our request\n' },
      ],
      [
        'patch configmap app1 --type=merge -p {"data":{"q":1}}',
        {
          err: /^The request is invalid: patch: Invalid value: ".*": json: cannot unmarshal number into Go struct field ConfigMap\.data of type string\n$/,
        },
      ],
      ['patch configmap none -p {}', { err: 'Error from server (NotFound): configmaps "none" not found\n' }],
      [
        'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"side","image":"registry.example/side"}]}}}}',
        'deployment.apps/web patched\n',
      ],
      ['get deployment web -o jsonpath={.spec.template.spec.containers[*].name}', 'side web'],
      [
        'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}}}',
        'deployment.apps/web patched\n',
      ],
      ['get deployment web -o jsonpath={.spec.template.spec.containers[*].name}', 'web'],
      [
        'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"web","$patch":"delete"}]}}}}',
        { err: 'The Deployment "web" is invalid: spec.template.spec.containers: Required value\n' },
      ],
      [
        'patch deployment web --subresource=scale --type=merge -p {"spec":{"replicas":2}}',
        'scale.autoscaling/web patched\n',
      ],
      [
        'patch deployment web --subresource=status --type=merge -p {"spec":{"replicas":9}}',
        'deployment.apps/web patched (no change)\n',
      ],
      [
        'patch node --dry-run=server -p {"spec":{"unschedulable":true}} none',
        { err: 'Error from server (NotFound): nodes "none" not found\n' },
      ],
      ['get deployment web -o jsonpath={.spec.replicas}', '2'],
      ['get deployment web --subresource=scale', /^NAME +DESIRED +AVAILABLE +AGE\nweb +2 +\d +\d+s\n$/],
    ];
    await kubectl.play(steps);
  });

  test('labels and annotations are set, kept, overwritten and removed', async () => {
    await kubectl.play([
      ['label configmap app1 x=y', 'configmap/app1 labeled\n'],
      ['label configmap app1 x=y', 'configmap/app1 not labeled\n'],
      ['label configmap app1 x=z', { err: "error: 'x' already has a value (y), and --overwrite is false\n" }],
      ['label configmap app1 x=z --overwrite', 'configmap/app1 labeled\n'],
      ['label configmap app1 --list', /^(?:set=one\nx=z|x=z\nset=one)\n$/],
      ['label configmap app1 x-', 'configmap/app1 unlabeled\n'],
      ['label configmap app1 x-', 'label "x" not found.\nconfigmap/app1 not labeled\n'],
      [
        "label configmap app1 'x=no blank'",
        {
          err: /^error: invalid label value: "x=no blank": a valid label must be an empty string or consist of alphanumeric characters/,
        },
      ],
      ['label configmap --all every=1', /^configmap\/app1 labeled\nconfigmap\/kube-root-ca\.crt labeled\n$/],
      ["annotate configmap app1 'd=a b'", 'configmap/app1 annotated\n'],
      [
        'annotate configmap app1 d=c',
        {
          err: "error: --overwrite is false but found the following declared annotation(s): 'd' already has a value (a b)\n",
        },
      ],
      [
        'annotate configmap app1 d=c --overwrite --resource-version=1',
        { err: `Error from server (Conflict): Operation cannot be fulfilled on configmaps "app1": ${MODIFIED}\n` },
      ],
      ['annotate configmap app1 d=c --overwrite', 'configmap/app1 annotated\n'],
      ['annotate configmap app1 --list', 'd=c\n'],
      ['annotate configmap app1 d-', 'configmap/app1 annotated\n'],
      ['get configmap app1 -o jsonpath={.metadata.annotations}', ''],
    ]);
  });

  test('set changes images, variables, resources, selectors, accounts and subjects', async () => {
    await kubectl.play([
      ['set image deployment/web web=registry.example/web:2', 'deployment.apps/web image updated\n'],
      [
        'set image deployment/web none=registry.example/web:2',
        { err: 'error: unable to find container named "none"\n' },
      ],
      ['set env deployment/web A=B', 'deployment.apps/web env updated\n'],
      ['set env deployment/web --list', '# Deployment web, container web\nA=B\n'],
      ['set env deployment/web A-', 'deployment.apps/web env updated\n'],
      [
        'set resources deployment/web --limits=cpu=200m,memory=512Mi',
        'deployment.apps/web resource requirements updated\n',
      ],
      [
        'get deployment web -o jsonpath={.spec.template.spec.containers[0].resources}',
        '{"limits":{"cpu":"200m","memory":"512Mi"}}',
      ],
      ['create service clusterip web --tcp=80', 'service/web created\n'],
      ['set selector service/web tier=front', 'service/web selector updated\n'],
      ['create serviceaccount robot', 'serviceaccount/robot created\n'],
      ['set serviceaccount deployment/web robot', 'deployment.apps/web serviceaccount updated\n'],
      ['create role watcher --verb=watch --resource=pods', 'role.rbac.authorization.k8s.io/watcher created\n'],
      [
        'create rolebinding watchers --role=watcher --user=jane',
        'rolebinding.rbac.authorization.k8s.io/watchers created\n',
      ],
      [
        'set subject rolebinding/watchers --user=bob --group=staff',
        'rolebinding.rbac.authorization.k8s.io/watchers subjects updated\n',
      ],
      ['get rolebinding watchers -o jsonpath={.subjects[*].name}', 'jane bob staff'],
    ]);
  });

  test('rollouts are told, undone, paused, resumed and restarted; scaling heeds preconditions', async () => {
    await kubectl.play([
      ['create deployment roll --image=registry.example/roll:1 --replicas=2', 'deployment.apps/roll created\n'],
      ['rollout status deployment/roll', /deployment "roll" successfully rolled out\n$/],
      ['set image deployment/roll roll=registry.example/roll:2', 'deployment.apps/roll image updated\n'],
      ['annotate deployment/roll kubernetes.io/change-cause=two', 'deployment.apps/roll annotated\n'],
      ['rollout status deployment/roll', /deployment "roll" successfully rolled out\n$/],
      [
        'rollout history deployment/roll',
        'deployment.apps/roll \nREVISION  CHANGE-CAUSE\n1         <none>\n2         two\n\n',
      ],
      [
        'rollout history deployment/roll --revision=2',
        /^deployment\.apps\/roll with revision #2\nPod Template:\n[^]*Image:\tregistry\.example\/roll:2\n/,
      ],
      [
        'rollout undo deployment/roll --to-revision=99',
        { err: 'error: unable to find specified revision 99 in history\n' },
      ],
      ['rollout undo deployment/roll', 'deployment.apps/roll rolled back\n'],
      ['rollout pause deployment/roll', 'deployment.apps/roll paused\n'],
      ['rollout pause deployment/roll', { err: 'error: deployments.apps "roll" is already paused\n' }],
      [
        'rollout restart deployment/roll',
        { err: 'error: deployments.apps "roll" can\'t restart paused deployment (run rollout resume first)\n' },
      ],
      ['rollout resume deployment/roll', 'deployment.apps/roll resumed\n'],
      ['rollout restart deployment/roll', 'deployment.apps/roll restarted\n'],
      ['rollout status deployment/roll', /deployment "roll" successfully rolled out\n$/],
      [
        'rollout history deployment/roll',
        'deployment.apps/roll \nREVISION  CHANGE-CAUSE\n2         two\n3         <none>\n4         <none>\n\n',
      ],
      ['scale deployment/roll --replicas=3 --current-replicas=5', { err: 'error: Expected replicas to be 5, was 2\n' }],
      [
        'scale deployment/roll --replicas=3 --resource-version=1',
        { err: /^error: Expected resource version to be 1, was \d+\n$/ },
      ],
      ['scale deployment/roll --replicas=3 --current-replicas=2', 'deployment.apps/roll scaled\n'],
      ['get deployment roll -o jsonpath={.spec.replicas}', '3'],
    ]);
  });

  test('deletes by name, selector and cascade, and waits as it is told', async () => {
    await kubectl.play([
      ['create job once --image=registry.example/once -- sleep 100', 'job.batch/once created\n'],
      ['wait pod -l job-name=once --for=condition=Ready --timeout=30s', /^pod\/once-\w+ condition met\n$/],
      ['delete job once --cascade=orphan', 'job.batch "once" deleted\n'],
      ['get pods -l job-name=once --no-headers', /^once-\w+ +1\/1 +Running /],
      ['delete pod -l job-name=once --now', /^pod "once-\w+" deleted\n$/],
      ['run forced --image=registry.example/forced', 'pod/forced created\n'],
      [
        'delete pod forced --grace-period=0 --force',
        {
          out: 'pod "forced" force deleted\n',
          err: 'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
          code: 0,
        },
      ],
      ['delete configmap app1 --dry-run=server', 'configmap "app1" deleted (server dry run)\n'],
      ['delete configmap -l set=one', 'configmap "app1" deleted\n'],
      ['delete configmap none', { err: 'Error from server (NotFound): configmaps "none" not found\n' }],
      ['delete configmap none --ignore-not-found', ''],
      ['delete deployment roll --cascade=foreground', 'deployment.apps "roll" deleted\n'],
      ['get replicasets,pods -l app=roll -o name', ''],
      ['delete deployment web --wait=false', 'deployment.apps "web" deleted\n'],
      [
        'delete service,serviceaccount --all',
        'service "web" deleted\nserviceaccount "default" deleted\nserviceaccount "robot" deleted\n',
      ],
      ['create namespace brief', 'namespace/brief created\n'],
      ['delete namespace brief', 'namespace "brief" deleted\n'],
      ['get namespace brief', { err: 'Error from server (NotFound): namespaces "brief" not found\n' }],
    ]);
  });

  test('raw requests, and files of several kinds', async () => {
    kubectl.file('raw.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'raw' } });
    const path = '/api/v1/namespaces/changed/configmaps';
    await kubectl.play([
      [`create --raw ${path} -f raw.json`, /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{.*"name":"raw"/],
      [`replace --raw ${path}/raw -f raw.json`, /"name":"raw"/],
      [`get --raw ${path}/raw`, /"name":"raw"/],
      [
        `delete --raw ${path}/raw`,
        /^\{"kind":"Status","apiVersion":"v1","metadata":\{\},"status":"Success","details":\{"name":"raw","kind":"configmaps","uid":"[-0-9a-f]{36}"\}\}/,
      ],
      [`get --raw ${path}/raw`, { err: 'Error from server (NotFound): configmaps "raw" not found\n' }],
      ['get --raw /none', { err: 'Error from server (NotFound): the server could not find the requested resource\n' }],
    ]);
  });
});
