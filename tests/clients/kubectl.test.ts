import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CommandResult,
  hasKubectl,
  KUBECTL,
  type RunningCluster,
  startCluster,
} from '../cluster/running-cluster.ts';
import { eventually } from './api-calls.ts';

const deployment = (name: string, image: string, replicas = 2): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  });

if (!hasKubectl()) console.log(`SKIPPED: tests with kubectl, because ${KUBECTL} is not installed`);

describe.skipIf(!hasKubectl())('kubectl', () => {
  let cluster: RunningCluster;

  /** Runs kubectl and expects success; gives what it printed. */
  async function kubectl(args: string, stdin?: string): Promise<string> {
    const result = await run(args, stdin);
    expect(result.code, `kubectl ${args}\n${result.stderr}${result.stdout}`).toBe(0);
    return result.stdout;
  }
  const run = (args: string, stdin?: string): Promise<CommandResult> => cluster.kubectl(args.split(' '), stdin);
  const columns = (table: string): string[] =>
    (table.split('\n')[0] ?? '')
      .trim()
      .split(/\s{2,}/)
      .filter(Boolean);

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, runtime: 'simulated' });
  });
  afterAll(() => cluster?.remove());

  test('version, readiness and the resources served', async () => {
    expect(JSON.parse(await kubectl('version -o json')).serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+/);
    expect(await kubectl('get --raw /readyz')).toBe('ok');
    const resources = await kubectl('api-resources');
    for (const line of [
      /^pods +po +v1 +true +Pod$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      /^nodes +no +v1 +false +Node$/m,
    ]) {
      expect(resources).toMatch(line);
    }
    expect(await kubectl('api-versions')).toContain('events.k8s.io/v1');
  });

  test("nodes are Ready and printed with upstream's columns", async () => {
    const table = await kubectl('get nodes -o wide');
    expect(columns(table)).toEqual([
      'NAME',
      'STATUS',
      'ROLES',
      'AGE',
      'VERSION',
      'INTERNAL-IP',
      'EXTERNAL-IP',
      'OS-IMAGE',
      'KERNEL-VERSION',
      'CONTAINER-RUNTIME',
    ]);
    expect(table.trim().split('\n')).toHaveLength(4);
    expect(await kubectl('wait node --all --for=condition=Ready --timeout=30s')).toContain('condition met');
  });

  test('a Deployment is applied, rolled out, scaled, updated, rolled back, paused and deleted', async () => {
    expect(await kubectl('apply -f -', deployment('web', 'registry.example/web:1'))).toBe(
      'deployment.apps/web created\n',
    );
    expect(await kubectl('apply -f -', deployment('web', 'registry.example/web:1'))).toBe(
      'deployment.apps/web unchanged\n',
    );
    expect(await kubectl('rollout status deployment/web --timeout=60s')).toContain(
      'deployment "web" successfully rolled out',
    );
    expect(columns(await kubectl('get deployment web'))).toEqual(['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    expect(await kubectl('get deployment web --no-headers')).toMatch(/^web +2\/2 +2 +2 +\d+s\n$/);
    expect(columns(await kubectl('get pods -o wide'))).toEqual([
      'NAME',
      'READY',
      'STATUS',
      'RESTARTS',
      'AGE',
      'IP',
      'NODE',
      'NOMINATED NODE',
      'READINESS GATES',
    ]);

    await kubectl('scale deployment web --replicas=5');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(
      (await kubectl('get pods -l app=web --field-selector status.phase=Running -o name')).trim().split('\n'),
    ).toHaveLength(5);

    await kubectl('set image deployment/web main=registry.example/web:2');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(await kubectl('get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}')).toBe(
      Array.from({ length: 5 }, () => 'registry.example/web:2').join(' '),
    );
    expect(await kubectl('rollout history deployment/web')).toMatch(/^1 .*\n2 /m);

    expect(await kubectl('rollout undo deployment/web')).toContain('rolled back');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(await kubectl('get deployment web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'registry.example/web:1',
    );
    expect(await kubectl('rollout history deployment/web')).toMatch(/^2 .*\n3 /m);

    await kubectl('rollout pause deployment/web');
    await kubectl('set image deployment/web main=registry.example/web:3');
    expect(await kubectl('get deployment web -o jsonpath={.status.updatedReplicas}')).not.toBe('5');
    await kubectl('rollout resume deployment/web');
    await kubectl('rollout status deployment/web --timeout=60s');
    await kubectl('rollout restart deployment/web');
    await kubectl('rollout status deployment/web --timeout=60s');

    const events = await kubectl('get events');
    expect(events).toContain('Scaled up replica set');
    expect(events).toMatch(/Scheduled +pod\/web-\S+ +Successfully assigned default\/web-\S+ to /);
    expect(await kubectl('describe deployment web')).toMatch(
      /Replicas: +5 desired \| 5 updated \| 5 total \| 5 available \| 0 unavailable/,
    );

    expect(await kubectl('delete deployment web')).toMatch(
      /^deployment.apps "web" deleted( from default namespace)?\n$/,
    );
    await eventually('pods are gone', async () =>
      (await kubectl('get pods -l app=web -o name')) === '' ? true : undefined,
    );
    expect(await kubectl('get replicasets -l app=web -o name')).toBe('');
  });

  test('labels, annotations and patches of every type', async () => {
    await kubectl('create configmap settings --from-literal=a=1');
    expect(await kubectl('label configmap settings tier=front')).toContain('labeled');
    expect(await kubectl('annotate configmap settings note=hello')).toContain('annotated');
    await kubectl('patch configmap settings --type=merge -p {"data":{"b":"2"}}');
    await kubectl('patch configmap settings --type=json -p [{"op":"add","path":"/data/c","value":"3"}]');
    await kubectl('patch configmap settings -p {"data":{"a":null}}');
    expect(JSON.parse(await kubectl('get configmap settings -o jsonpath={.data}'))).toEqual({ b: '2', c: '3' });
    expect(await kubectl('get configmaps -l tier=front -o name')).toBe('configmap/settings\n');
    expect(await kubectl('get configmaps -l tier!=front -o name')).not.toContain('configmap/settings\n');
    const replaced = await run(
      'replace -f -',
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', resourceVersion: '1' } }),
    );
    expect(replaced.stderr).toContain(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
    await kubectl('delete configmap settings');
  });

  test('explains fields at every depth, with descriptions', async () => {
    expect(await kubectl('explain pod.spec.containers.livenessProbe')).toMatch(
      /^FIELD: livenessProbe <Probe>\n[^]*Periodic probe of container liveness\.[^]*\n {2}failureThreshold\t<integer>\n {4}Minimum consecutive failures/m,
    );
    expect(await kubectl('explain pod.spec.restartPolicy')).toContain('Possible enum values:');
    const deployment = await kubectl('explain deployment --recursive');
    expect(deployment).toMatch(/^ +preStop\t<LifecycleHandler>$/m);
    expect(await kubectl('explain ingress.spec.rules.http.paths')).toContain('  pathType\t<string> -required-\n');
    for (const kind of ['configmap', 'cronjobs.spec', 'networkpolicies', 'horizontalpodautoscalers.spec.metrics'])
      expect(await kubectl(`explain ${kind}`)).toMatch(/DESCRIPTION:\n {4}\w/);
  });

  test('dry run changes nothing', async () => {
    expect(await kubectl('create configmap ghost --from-literal=a=1 --dry-run=server')).toContain(
      'created (server dry run)',
    );
    expect((await run('get configmap ghost')).stderr).toBe(
      'Error from server (NotFound): configmaps "ghost" not found\n',
    );
  });

  test("unknown fields are refused by the server under strict validation, kubectl's default", async () => {
    const result = await run(
      'apply -f -',
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'typo' }, daat: { a: '1' } }),
    );
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('strict decoding error: unknown field "daat"');
  });

  test('a namespace takes everything in it along', async () => {
    await kubectl('create namespace shop');
    await kubectl('create configmap one -n shop --from-literal=a=1');
    await kubectl('apply -n shop -f -', deployment('web', 'registry.example/web:1'));
    await kubectl('rollout status -n shop deployment/web --timeout=60s');
    await eventually('the default account', async () =>
      (await run('get serviceaccount default -n shop')).code === 0 ? true : undefined,
    );
    await kubectl('delete namespace shop --timeout=90s');
    expect((await run('get namespace shop')).stderr).toBe(
      'Error from server (NotFound): namespaces "shop" not found\n',
    );
    expect(await kubectl('get all,configmaps -n shop -o name')).toBe('');
  });

  test('a Service selects its pods into an EndpointSlice', async () => {
    await kubectl('apply -f -', deployment('api', 'registry.example/api:1'));
    await kubectl('expose deployment api --port=80');
    await kubectl('rollout status deployment/api --timeout=60s');
    await eventually('two addresses', async () => {
      const ready = await kubectl(
        'get endpointslices -l kubernetes.io/service-name=api -o jsonpath={.items[*].endpoints[*].conditions.ready}',
      );
      return ready === 'true true' ? true : undefined;
    });
    expect(columns(await kubectl('get service api'))).toEqual([
      'NAME',
      'TYPE',
      'CLUSTER-IP',
      'EXTERNAL-IP',
      'PORT(S)',
      'AGE',
    ]);
    await kubectl('delete deployment,service api');
  });

  test('a node is cordoned, drained and uncordoned', async () => {
    const node = (await kubectl('get nodes -o name')).split('\n')[0]?.replace('node/', '') as string;
    await kubectl('apply -f -', deployment('spread', 'registry.example/web:1', 6));
    await kubectl('rollout status deployment/spread --timeout=60s');
    await kubectl(`drain ${node} --ignore-daemonsets --timeout=90s`);
    expect(await kubectl(`get node ${node} --no-headers`)).toMatch(/Ready,SchedulingDisabled/);
    expect(await kubectl(`get pods --field-selector spec.nodeName=${node} -l app=spread -o name`)).toBe('');
    await kubectl('rollout status deployment/spread --timeout=60s');
    await kubectl(`uncordon ${node}`);
    await kubectl('delete deployment spread');
  });

  test('a pod that fits nowhere says why', async () => {
    await kubectl(
      'run big --image=registry.example/big:1 --overrides={"spec":{"containers":[{"name":"big","image":"registry.example/big:1","resources":{"requests":{"cpu":"10000"}}}]}}',
    );
    const message = await eventually('FailedScheduling', async () => {
      const text = await kubectl(
        'get events --field-selector reason=FailedScheduling,involvedObject.name=big -o jsonpath={.items[*].message}',
      );
      return text || undefined;
    });
    expect(message).toMatch(/^0\/3 nodes are available: 3 Insufficient cpu\./);
    expect(await kubectl('get pod big --no-headers')).toMatch(/^big +0\/1 +Pending/);
    await kubectl('delete pod big');
  });

  test('what kubectl may do, and what a stranger may not', async () => {
    expect(await kubectl('auth can-i create pods')).toBe('yes\n');
    const stranger = await cluster.kubectl(['get', 'pods', '--token', 'wrong']);
    expect(stranger.stderr).toContain('You must be logged in to the server');
    const account = await kubectl('create token default');
    const weak = await cluster.kubectl(['get', 'secrets', '-n', 'kube-system', '--token', account.trim()]);
    expect(weak.stderr).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:default" cannot list resource "secrets" in API group "" in the namespace "kube-system"\n',
    );
  });
});
