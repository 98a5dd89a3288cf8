import { afterAll, beforeAll, describe, test } from 'vitest';
import { kubectlMinor } from '../cluster/kubectl-program.ts';
import { KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { KubectlSession } from './kubectl-session.ts';

const MINOR_MIN = 31;
const canRun = kubectlMinor() >= MINOR_MIN;
if (!canRun) console.log(`SKIPPED: tests of kubectl and nodes, because ${KUBECTL} is not 1.${MINOR_MIN} or later`);

describe.skipIf(!canRun)('kubectl and nodes', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  let node: string;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'moved');
    await kubectl.open();
    node = (await kubectl.output('get nodes -o name')).trim().replace('node/', '');
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  test('are tainted and untainted', async () => {
    await kubectl.play([
      [`taint nodes ${node} a=b:NoSchedule`, `node/${node} tainted\n`],
      [
        `taint nodes ${node} a=b:NoSchedule`,
        { err: `error: node ${node} already has a taint(s) with same effect(s) and --overwrite is false\n` },
      ],
      [`taint nodes ${node} a=c:NoSchedule --overwrite`, `node/${node} modified\n`],
      [`get node ${node} -o jsonpath={.spec.taints}`, '[{"effect":"NoSchedule","key":"a","value":"c"}]'],
      [`taint nodes ${node} a:NoSchedule-`, `node/${node} untainted\n`],
      [`taint nodes ${node} a:NoSchedule-`, { err: 'error: taint "a:NoSchedule" not found\n' }],
      [`taint nodes ${node} a=b:Wrong`, { err: /^error: invalid taint effect: Wrong, unsupported taint effect\n/ }],
      ['taint nodes --all z=1:PreferNoSchedule', `node/${node} tainted\n`],
      ['taint nodes --all z-', `node/${node} untainted\n`],
    ]);
  });

  test('are cordoned and uncordoned', async () => {
    await kubectl.play([
      [`cordon ${node} --dry-run=server`, `node/${node} cordoned (server dry run)\n`],
      [`cordon ${node}`, `node/${node} cordoned\n`],
      [`cordon ${node}`, `node/${node} already cordoned\n`],
      [`get node ${node} --no-headers`, /Ready,SchedulingDisabled/],
      [`uncordon ${node}`, `node/${node} uncordoned\n`],
      [`uncordon ${node}`, `node/${node} already uncordoned\n`],
      ['cordon none', { err: 'Error from server (NotFound): nodes "none" not found\n' }],
    ]);
  });

  test('are drained of what may go, and of the rest when told so', async () => {
    const emptyDir = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'scratch', labels: { app: 'scratch' } },
      spec: { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'registry.example/c' }] },
    };
    const blocked = /Cannot evict pod as it would violate the pod's disruption budget\./;
    await kubectl.play([
      ['create deployment web --image=registry.example/web', 'deployment.apps/web created\n'],
      ['rollout status deployment/web'],
      ['create poddisruptionbudget web --selector=app=web --min-available=1'],
      ['wait poddisruptionbudget/web --for=jsonpath={.status.currentHealthy}=1 --timeout=30s', /condition met/],
      ['run bare --image=registry.example/bare', 'pod/bare created\n'],
      ['create -f -', { stdin: emptyDir, out: 'pod/scratch created\n' }],
      ['wait pods --all --for=condition=Ready --timeout=30s'],
      [
        `drain ${node} --timeout=2s`,
        {
          out: new RegExp(`^node/${node} cordoned\n$`),
          err: /cannot delete [^]*bare[^]*\(use --force to override\)|cannot delete [^]*emptyDir volumes or local storage \(use --delete-emptydir-data to override\)/i,
        },
      ],
      [`drain ${node} --timeout=2s --force`, { err: /scratch/ }],
      [
        `drain ${node} --timeout=2s --force --delete-emptydir-data`,
        { out: /pod\/bare evicted|evicting pod moved\/web/, err: blocked },
      ],
      ['get pods -l app=web --no-headers', /^web-\S+ +1\/1 +Running /],
      [
        `drain ${node} --timeout=30s --force --delete-emptydir-data --disable-eviction --grace-period=1`,
        new RegExp(`node/${node} drained\n$`),
      ],
      ['get pods -l app=web --no-headers', /^web-\S+ +0\/1 +Pending /],
      [`uncordon ${node}`, `node/${node} uncordoned\n`],
      ['rollout status deployment/web', /successfully rolled out/],
    ]);
  });

  test("a daemon's pods stay when a node is drained", async () => {
    const labels = { app: 'daemon' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'registry.example/c' }] } };
    const daemonSet = { selector: { matchLabels: labels }, template };
    await kubectl.play([
      [
        'create -f -',
        { stdin: { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'daemon' }, spec: daemonSet } },
      ],
    ]);
    const uid = await kubectl.output('get daemonset daemon -o jsonpath={.metadata.uid}');
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'daemon', uid, controller: true };
    const spec = { ...template.spec, nodeName: node };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'daemon-1', labels, ownerReferences: [owner] },
      spec,
    };
    await kubectl.play([
      ['create -f -', { stdin: pod, out: 'pod/daemon-1 created\n' }],
      [
        `drain ${node} --pod-selector=app=daemon`,
        { err: /cannot delete DaemonSet-managed Pods \(use --ignore-daemonsets to ignore\): moved\/daemon-1/ },
      ],
      [
        `drain ${node} --pod-selector=app=daemon --ignore-daemonsets`,
        {
          out: new RegExp(`node/${node} drained\n$`),
          err: /ignoring DaemonSet-managed Pods: moved\/daemon-1/,
          code: 0,
        },
      ],
      ['get pod daemon-1 -o name', 'pod/daemon-1\n'],
      [`uncordon ${node}`, `node/${node} uncordoned\n`],
    ]);
  });
});
