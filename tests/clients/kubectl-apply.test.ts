import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlMinor } from '../cluster/kubectl-program.ts';
import { KUBECTL, type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { KubectlSession } from './kubectl-session.ts';

const MINOR_MIN = 31;
const canRun = kubectlMinor() >= MINOR_MIN;
if (!canRun) console.log(`SKIPPED: tests of kubectl apply, because ${KUBECTL} is not 1.${MINOR_MIN} or later`);

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const configMap = (name: string, a: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { set: 'one' } },
  data: { a },
});
const list = (...items: object[]) => ({ apiVersion: 'v1', kind: 'List', items });

describe.skipIf(!canRun)('kubectl applies, edits and replaces', () => {
  let cluster: RunningCluster;
  let kubectl: KubectlSession;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
    kubectl = new KubectlSession(cluster, 'changed');
    await kubectl.open();
  });
  afterAll(async () => {
    kubectl?.close();
    await cluster?.remove();
  });

  let editors = 0;
  /** An EDITOR that runs the shell commands with the file as `$1`. */
  function editor(commands: string): Record<string, string> {
    editors += 1;
    const name = `editor-${editors}.sh`;
    kubectl.file(name, `#!/bin/sh\n${commands}\n`);
    chmodSync(join(kubectl.folder, name), 0o755);
    return { KUBE_EDITOR: join(kubectl.folder, name) };
  }

  test('apply and diff compare with what was applied last', async () => {
    kubectl.file('two.json', list(configMap('app1', '1'), configMap('app2', '1')));
    await kubectl.play([
      [
        'diff -f two.json',
        { out: /\n\+\+\+ .*\/v1\.ConfigMap\.changed\.app1\t[^]*\n\+data:\n\+ {2}a: "1"\n/, code: 1 },
      ],
      [
        'apply -f two.json --dry-run=server',
        'configmap/app1 created (server dry run)\nconfigmap/app2 created (server dry run)\n',
      ],
      ['apply -f two.json', 'configmap/app1 created\nconfigmap/app2 created\n'],
      ['apply -f two.json', 'configmap/app1 unchanged\nconfigmap/app2 unchanged\n'],
      ['diff -f two.json', ''],
    ]);
    kubectl.file('two.json', list(configMap('app1', '2'), configMap('app2', '1')));
    await kubectl.play([
      [
        'diff -f two.json',
        { out: /\n apiVersion: v1\n data:\n- {2}a: "1"\n\+ {2}a: "2"\n kind: ConfigMap\n/, code: 1 },
      ],
      ['apply -f two.json', 'configmap/app1 configured\nconfigmap/app2 unchanged\n'],
      [
        'apply view-last-applied configmap/app1 -o json',
        /^\{\n {2}"apiVersion": "v1",\n {2}"data": \{\n {4}"a": "2"\n {2}\},\n/,
      ],
      ['create configmap plain --from-literal=a=b', 'configmap/plain created\n'],
    ]);
    kubectl.file('plain.json', configMap('plain', 'c'));
    await kubectl.play([
      [
        'apply set-last-applied -f plain.json',
        {
          err: 'error: no last-applied-configuration annotation found on resource: plain, to create the annotation, run the command with --create-annotation\n',
        },
      ],
      ['apply set-last-applied -f plain.json --create-annotation', 'configmap/plain configured\n'],
      [
        `get configmap plain -o jsonpath={.metadata.annotations.${LAST_APPLIED.replaceAll('.', '\\.')}}`,
        /"data":\{"a":"c"\}/,
      ],
      ['apply -f plain.json', 'configmap/plain configured\n'],
      [
        'apply edit-last-applied configmap/plain',
        { out: 'configmap/plain edited\n', env: editor("sed -i 's/a: c/a: edited/' $1") },
      ],
      ['apply view-last-applied configmap/plain', /\n {2}a: edited\n/],
    ]);
  });

  test('apply --prune takes away what is applied no longer', async () => {
    kubectl.file('one.json', configMap('app1', '2'));
    await kubectl.play([
      ['create configmap bystander --from-literal=a=b', 'configmap/bystander created\n'],
      ['label configmap bystander set=one', 'configmap/bystander labeled\n'],
      [
        'apply -f one.json --prune -l set=one --prune-allowlist=core/v1/ConfigMap',
        'configmap/app1 unchanged\nconfigmap/app2 pruned\nconfigmap/plain pruned\n',
      ],
      ['apply -f one.json --prune -l set=one', { out: 'configmap/app1 unchanged\n', err: /Deprecated/, code: 0 }],
      ['get configmap bystander -o name', 'configmap/bystander\n'],
      ['delete configmap bystander', 'configmap "bystander" deleted\n'],
    ]);
  });

  test('edit sends what was changed, and keeps the copy when it is refused', async () => {
    const patchMeanwhile = `${KUBECTL} --kubeconfig ${cluster.kubeconfig} -n changed label configmap app1 seen=yes >/dev/null`;
    await kubectl.play([
      ['edit configmap app1', { out: 'configmap/app1 edited\n', env: editor(`sed -i 's/^  a: .*/  a: "9"/' $1`) }],
      ['get configmap app1 -o jsonpath={.data.a}', '9'],
      ['edit configmap app1', { err: 'Edit cancelled, no changes made.\n', code: 0, env: editor('true') }],
      [
        'edit configmap app1',
        {
          err: /error: At least one of apiVersion, kind and name was changed\n$/,
          env: editor("sed -i 's/name: app1/name: other/' $1"),
        },
      ],
      [
        'edit configmap app1',
        {
          err: new RegExp(
            `^error: configmaps "app1" could not be patched: Operation cannot be fulfilled on configmaps "app1": ${MODIFIED}\nYou can run \`\\S+ replace -f \\S+\` to try this update again.\n$`,
          ),
          env: editor(
            `${patchMeanwhile}\nsed -i 's/resourceVersion: .*/resourceVersion: "1"/; s/^  a: .*/  a: late/' $1`,
          ),
        },
      ],
      ['get configmap app1 -o jsonpath={.data.a},{.metadata.labels.seen}', '9,yes'],
      ['edit service/none', { err: 'Error from server (NotFound): services "none" not found\n', env: editor('true') }],
    ]);
  });

  test('replace, also by force, and only what is there', async () => {
    kubectl.file('stale.json', { ...configMap('app1', '5'), metadata: { name: 'app1', resourceVersion: '1' } });
    const uid = await kubectl.output('get configmap app1 -o jsonpath={.metadata.uid}');
    await kubectl.play([
      [
        'replace -f two.json',
        {
          out: 'configmap/app1 replaced\n',
          err: 'Error from server (NotFound): error when replacing "two.json": configmaps "app2" not found\n',
        },
      ],
      [
        'replace -f stale.json',
        {
          err: `Error from server (Conflict): error when replacing "stale.json": Operation cannot be fulfilled on configmaps "app1": ${MODIFIED}\n`,
        },
      ],
      [
        'replace -f one.json --subresource=status',
        {
          err: 'Error from server (NotFound): error when replacing "one.json": the server could not find the requested resource\n',
        },
      ],
      ['replace --force -f one.json', 'configmap "app1" deleted\nconfigmap/app1 replaced\n'],
    ]);
    expect(await kubectl.output('get configmap app1 -o jsonpath={.metadata.uid}')).not.toBe(uid);
  });

  test('apply sets prune what has left them', async () => {
    const env = { KUBECTL_APPLYSET: 'true' };
    const flags = '--prune --applyset=secret/shop';
    kubectl.file('set.json', list(configMap('set1', '1'), configMap('set2', '1')));
    kubectl.file('less.json', configMap('set1', '2'));
    await kubectl.play([
      [`apply -f set.json ${flags}`, { env, out: 'configmap/set1 created\nconfigmap/set2 created\n' }],
      [
        `apply -f less.json ${flags} --dry-run=server`,
        { env, out: 'configmap/set1 configured (server dry run)\nconfigmap/set2 pruned (server dry run)\n' },
      ],
      [`apply -f less.json ${flags}`, { env, out: 'configmap/set1 configured\nconfigmap/set2 pruned\n' }],
      [
        'get secret shop -o jsonpath={.metadata.annotations}',
        /"applyset\.kubernetes\.io\/contains-group-kinds":"ConfigMap"/,
      ],
      ['delete secret/shop configmap/set1', 'secret "shop" deleted\nconfigmap "set1" deleted\n'],
    ]);
  });

  test('kustomizations are applied, compared, read and deleted', async () => {
    mkdirSync(join(kubectl.folder, 'layer'));
    kubectl.file('layer/kustomization.yaml', 'namePrefix: my-\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n');
    const name = 'my-made-4h2mbtbbt6';
    await kubectl.play([
      ['diff -k layer', { out: /\n\+data:\n\+ {2}a: b\n/, code: 1 }],
      ['apply -k layer', `configmap/${name} created\n`],
      ['diff -k layer', ''],
      ['get -k layer -o name', `configmap/${name}\n`],
      ['delete -k layer', `configmap "${name}" deleted\n`],
    ]);
  });
});
