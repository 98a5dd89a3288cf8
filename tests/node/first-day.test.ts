/** The README's first page and what a first day brings, with the real kubectl and real containers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTestImages } from '../../scripts/test-images.ts';
import { eventually } from '../clients/api-calls.ts';
import { hasKubectl, KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { whyNoContainers } from './requirements.ts';

const why = whyNoContainers() ?? (hasKubectl() ? undefined : `${KUBECTL} is not installed`);
if (why) console.log(`SKIPPED: the first day with real containers: ${why}`);

const bin = new URL('../../cli/bin.mjs', import.meta.url).pathname;

describe.skipIf(why !== undefined)('a first day with real containers', () => {
  let cluster: RunningCluster;
  let images: string;

  beforeAll(async () => {
    images = mkdtempSync(join(tmpdir(), 'zp-images-'));
    cluster = await startCluster({ nodes: 1, runtime: 'containerd' });
    for (const file of makeTestImages(images, ['busybox', 'hello'])) {
      await promisify(execFile)(process.execPath, [bin, 'image', 'import', file, '--data-dir', cluster.dataDir]);
    }
  });
  afterAll(async () => {
    await cluster?.remove();
    rmSync(images, { recursive: true, force: true });
  });

  async function kubectl(args: string, stdin?: string): Promise<string> {
    const result = await cluster.kubectl(args.split(' '), stdin);
    expect(result.code, `kubectl ${args}\n${result.stderr}${result.stdout}`).toBe(0);
    return result.stdout;
  }

  const get = async (url: string): Promise<string> => (await (await fetch(url)).text()).trim();
  const addresses = async (): Promise<string[]> =>
    (
      await kubectl('get pods -l app=web --field-selector status.phase=Running -o jsonpath={.items[*].status.podIP}')
    ).split(' ');
  /** What the pods that are neither ending nor starting answer. */
  const versions = (): Promise<string[]> =>
    eventually('three answers', async () => {
      const all = await Promise.all((await addresses()).map((ip) => get(`http://${ip}:8080/version`)));
      return all.length === 3 ? all : undefined;
    });

  test('a web server answers on its pod IP, is scaled, updated, rolled back and deleted', async () => {
    await kubectl('create deployment web --image=hello:1 --port=8080');
    await kubectl('rollout status deployment/web --timeout=60s');
    const [pod = ''] = (await kubectl('get pods -l app=web -o name')).trim().replaceAll('pod/', '').split('\n');
    expect(await get(`http://${(await addresses())[0]}:8080/`)).toBe(pod);

    await kubectl('scale deployment web --replicas=3');
    await kubectl('rollout status deployment/web --timeout=60s');
    expect(await versions()).toEqual(['1', '1', '1']);

    await kubectl('set image deployment/web hello=hello:2');
    await kubectl('rollout status deployment/web --timeout=90s');
    expect(await versions()).toEqual(['2', '2', '2']);

    await kubectl('rollout undo deployment/web');
    await kubectl('rollout status deployment/web --timeout=90s');
    expect(await versions()).toEqual(['1', '1', '1']);

    await kubectl('delete deployment web');
    await eventually('all pods are gone', async () =>
      (await kubectl('get pods -l app=web -o name')) === '' ? true : undefined,
    );
  });

  test('logs are read whole, from the end, of the container before, and followed', async () => {
    const talker = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talker' },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'busybox:1.35',
            command: [
              'sh',
              '-c',
              'test -e /state/seen && echo second life || { touch /state/seen; echo one; echo two; echo three; exit 1; }; trap "exit 0" TERM; for i in 1 2 3 4 5 6 7 8 9; do echo tick $i; sleep 1; done; sleep 3600 & wait',
            ],
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          },
        ],
        volumes: [{ name: 'state', emptyDir: {} }],
      },
    };
    await kubectl('apply -f -', JSON.stringify(talker));
    await eventually('its second life', async () =>
      (await kubectl('logs talker')).includes('second life') ? true : undefined,
    );
    expect(await kubectl('logs talker --previous')).toBe('one\ntwo\nthree\n');
    expect(await kubectl('logs talker --previous --tail=1')).toBe('three\n');
    expect(await kubectl('logs talker --previous --timestamps --tail=1')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z three\n$/);
    const followed = await cluster.kubectl(['logs', '-f', 'talker', '--limit-bytes', '30']);
    expect(followed.stdout).toMatch(/^second life\ntick 1\n/);
    expect((await cluster.kubectl(['logs', 'talker', '-c', 'none'])).stderr).toContain(
      'container none is not valid for pod talker',
    );
    await kubectl('delete pod talker');
  });

  test('a pod reaches the API with its mounted account, and may do what RBAC grants', async () => {
    await kubectl('create role reader --verb=get,list --resource=pods');
    await kubectl('create rolebinding reader --role=reader --serviceaccount=default:default');
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'inside' },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'busybox:1.35',
            command: [
              'sh',
              '-c',
              'cd /var/run/secrets/kubernetes.io/serviceaccount && cat token namespace && grep -c BEGIN ca.crt && echo && echo $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT',
            ],
          },
        ],
      },
    };
    await kubectl('apply -f -', JSON.stringify(pod));
    await kubectl('wait pod inside --for=jsonpath={.status.phase}=Succeeded --timeout=60s');
    const output = await kubectl('logs inside');
    const token = /^(eyJ[\w-]+\.[\w-]+\.[\w-]+)default1$/m.exec(output)?.[1] ?? '';
    expect(
      (await cluster.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}', '--token', token]))
        .stdout,
    ).toBe('system:serviceaccount:default:default');
    expect((await cluster.kubectl(['get', 'pods', '--token', token])).code).toBe(0);
    expect((await cluster.kubectl(['get', 'secrets', '--token', token])).stderr).toContain(
      'cannot list resource "secrets"',
    );
    await kubectl('delete pod inside');
    await eventually('the token ends with its pod', async () =>
      (await cluster.kubectl(['get', 'pods', '--token', token])).stderr.includes('You must be logged in')
        ? true
        : undefined,
    );
  });

  test('SIGKILL of agent and control plane: containers run on, and nothing restarts', async () => {
    await kubectl('create deployment steady --image=hello:1 --replicas=2');
    await kubectl('rollout status deployment/steady --timeout=60s');
    const ids = () => kubectl('get pods -l app=steady -o jsonpath={.items[*].status.containerStatuses[*].containerID}');
    const before = await ids();
    const { controlPlane, agents } = cluster.pids();
    for (const pid of [...agents, controlPlane]) process.kill(pid, 'SIGKILL');
    await eventually('the API is back', async () =>
      (await cluster.kubectl(['get', '--raw', '/readyz'])).code === 0 ? true : undefined,
    );
    await eventually('the node is back', async () => {
      await kubectl('scale deployment steady --replicas=3');
      const status = await cluster.kubectl(['rollout', 'status', 'deployment/steady', '--timeout=20s']);
      return status.code === 0 ? true : undefined;
    });
    for (const id of before.split(' ')) expect(await ids()).toContain(id);
    expect(
      await kubectl('get pods -l app=steady -o jsonpath={.items[*].status.containerStatuses[*].restartCount}'),
    ).toBe('0 0 0');
    await kubectl('delete deployment steady');
  });
});
