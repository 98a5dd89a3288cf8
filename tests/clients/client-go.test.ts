import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from '../cluster/running-cluster.ts';
import { ApiCalls, eventually } from './api-calls.ts';
import { hasMcpServer, MCP_SERVER, McpClient } from './mcp-client.ts';

if (!hasMcpServer()) console.log(`SKIPPED: tests with ${MCP_SERVER}, which is published for other systems only`);

/** client-go's typed, dynamic and discovery clients, with protobuf where they like it. */
describe.skipIf(!hasMcpServer())('client-go', () => {
  let cluster: RunningCluster;
  let calls: ApiCalls;
  let mcp: McpClient;
  const namespace = 'default';

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
    calls = new ApiCalls(cluster);
    mcp = new McpClient(cluster.kubeconfig);
    await mcp.open();
  });
  afterAll(async () => {
    mcp?.close();
    await calls?.close();
    await cluster?.remove();
  });

  const configMap = (name: string, a: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: { of: 'go' } },
      data: { a },
    });
  const apply = (...resources: string[]) =>
    mcp.tool('resources_create_or_update', { resource: resources.join('\n---\n') });
  const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', namespace };

  test('namespaces and events are listed as tables and objects', async () => {
    expect(await mcp.tool('namespaces_list', {})).toMatch(
      /^APIVERSION +KIND +NAME +STATUS +AGE +LABELS\nv1 +Namespace +default +Active +\d+s +kubernetes\.io\/metadata\.name=default\n/,
    );
    await apply(
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      }),
    );
    const events = await eventually('its events', async () => {
      const text = await mcp.tool('events_list', { namespace });
      return text.includes('Reason: ScalingReplicaSet') ? text : undefined;
    });
    expect(events).toContain('Message: Scaled up replica set web-');
  });

  test('resources are applied, read, listed by selectors, scaled and deleted', async () => {
    const made = await apply(configMap('one', '1'), configMap('two', '1'));
    expect(made).toContain('manager: kubernetes-mcp-server');
    expect(await apply(configMap('one', '2'))).toMatch(/\n {4}a: "2"\n/);
    expect(await mcp.tool('resources_get', { ...configMaps, name: 'one' })).toMatch(
      /^apiVersion: v1\ndata:\n {2}a: "2"\nkind: ConfigMap\n/,
    );
    const list = await mcp.tool('resources_list', {
      ...configMaps,
      labelSelector: 'of in (go)',
      fieldSelector: 'metadata.name!=two',
    });
    expect(list).toMatch(
      /^NAMESPACE +APIVERSION +KIND +NAME +DATA +AGE +LABELS\ndefault +v1 +ConfigMap +one +1 +\d+s +of=go\n$/,
    );
    expect(await mcp.tool('resources_delete', { ...configMaps, name: 'one' })).toBe('Resource deleted successfully');
    await expect(mcp.tool('resources_get', { ...configMaps, name: 'one' })).rejects.toThrow(
      'failed to get resource: configmaps "one" not found',
    );
    await expect(apply(configMap('Bad_', '1'))).rejects.toThrow('metadata.name: Invalid value: "Bad_"');
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' };
    expect(await mcp.tool('resources_scale', { ...deployment, scale: 2 })).toMatch(/\nspec:\n {2}replicas: 2\n/);
    await eventually('two replicas', async () =>
      (await mcp.tool('resources_scale', deployment)).includes('status:\n  replicas: 2\n') ? true : undefined,
    );
    await expect(mcp.tool('resources_list', { apiVersion: 'apps/v2', kind: 'None' })).rejects.toThrow(
      'no matches for kind "None"',
    );
  });

  test('pods are run, read, listed and deleted', async () => {
    await mcp.tool('pods_run', { namespace, image: 'registry.example/run', name: 'run', port: 80 });
    await eventually('a running pod', async () =>
      (await mcp.tool('pods_get', { namespace, name: 'run' })).includes('\n  phase: Running\n') ? true : undefined,
    );
    expect(await mcp.tool('pods_list', { labelSelector: 'app.kubernetes.io/name=run' })).toMatch(
      /default +v1 +Pod +run +1\/1 +Running/,
    );
    expect(await mcp.tool('pods_log', { namespace, name: 'run' })).toContain('container run of pod default/run');
    expect(await mcp.tool('pods_delete', { namespace, name: 'run' })).toContain('deleted');
    await expect(mcp.tool('pods_get', { namespace, name: 'none' })).rejects.toThrow('pods "none" not found');
    await expect(mcp.tool('pods_top', {})).rejects.toThrow('metrics API is not available');
  });
});
