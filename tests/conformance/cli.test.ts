import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubectlSession } from '../clients/kubectl-session.ts';
import { hasKubectl, KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';

if (!hasKubectl()) console.log(`SKIPPED: conformance of kubectl, because ${KUBECTL} is not installed`);

describe.skipIf(!hasKubectl())('Kubectl client', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 0, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'kubectl');
    await kubectl.open();
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  test('Kubectl api-versions should check if v1 is in available api versions', async () => {
    expect((await kubectl.output('api-versions')).split('\n')).toContain('v1');
  });

  test('Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info', async () => {
    const info = await kubectl.output('cluster-info');
    expect(info).toContain('Kubernetes control plane');
    expect(info).toContain('is running at');
  });

  test('Kubectl diff should check if kubectl diff finds a difference for Deployments', async () => {
    const deployment = (image: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'httpd-deployment' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'httpd' } },
        template: { metadata: { labels: { app: 'httpd' } }, spec: { containers: [{ name: 'httpd', image }] } },
      },
    });
    await kubectl.play([
      ['create -f -', { stdin: deployment('httpd:2.4.38-alpine') }],
      [
        'diff -f -',
        {
          stdin: deployment('busybox:latest'),
          out: /\n- +- image: httpd:2\.4\.38-alpine\n\+ +- image: busybox:latest\n/,
          code: 1,
        },
      ],
      ['delete deployment httpd-deployment'],
    ]);
  });

  test('Kubectl version should check is all data is printed', async () => {
    const version = await kubectl.output('version');
    expect(version).toContain('Client Version: ');
    expect(version).toContain('Server Version: ');
  });

  /** What the API answers at `/api/` through the proxy, once the proxy has said where it listens. */
  async function throughProxy(flags: readonly string[], where: (said: string) => object): Promise<string> {
    const proxy = spawn(KUBECTL, ['--kubeconfig', cluster.kubeconfig, 'proxy', ...flags]);
    try {
      const said = await new Promise<string>((resolve) => proxy.stdout.once('data', (chunk) => resolve(String(chunk))));
      return await new Promise((resolve, reject) => {
        get({ path: '/api/', headers: { host: 'localhost' }, ...where(said) }, (answer) => {
          let text = '';
          answer.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
        }).on('error', reject);
      });
    } finally {
      proxy.kill();
    }
  }

  test('Proxy server should support proxy with --port 0', async () => {
    const answer = await throughProxy(['-p', '0', '--disable-filter'], (said) => ({
      host: '127.0.0.1',
      port: Number(/:(\d+)\n/.exec(said)?.[1]),
    }));
    expect(JSON.parse(answer)).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  });

  test('Proxy server should support --unix-socket=/path', async () => {
    const socketPath = join(kubectl.folder, 'test');
    const answer = await throughProxy([`--unix-socket=${socketPath}`], () => ({ socketPath }));
    expect(JSON.parse(answer)).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  });
});
