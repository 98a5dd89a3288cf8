/** pods/log: the node's agent sends the bytes; the hub joins it with this request. */
import { notFound } from '../../../schema/meta/status.ts';
import { askNodeDoor } from '../agent-api.ts';
import { textAnswer } from '../answers/answers.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { readLatest } from '../objects/latest-object.ts';
import type { SubresourceRoute } from './subresource-route.ts';
import { logsUnavailable } from './log-availability.ts';
import { chooseContainer, parseLogOptions } from './log-options.ts';

async function handle(api: ApiRequest): Promise<Handled> {
  const { name, namespace } = api.info;
  const options = parseLogOptions(api.query, name);
  if (!options.ok) return options.status;
  const pod = await readLatest(api, 'pods', namespace, name);
  if (pod === undefined) return notFound('pods', name);
  const container = chooseContainer(pod, options.value.container);
  if (!container.ok) return container.status;
  const { nodeName } = pod['spec'] as { nodeName?: string };
  // What has no node yet has no logs, which is no error.
  if (!nodeName) return textAnswer(200, '');
  const unavailable = logsUnavailable(pod, container.value, options.value.previous);
  if (unavailable !== undefined) return unavailable;
  return askNodeDoor(api, {
    kind: 'read',
    node: nodeName,
    stream: {
      ...options.value,
      kind: 'logs',
      id: api.runtime.newUid(),
      namespace,
      pod: name,
      uid: pod.metadata.uid ?? '',
      container: container.value,
    },
  });
}

export const podLogRoute: SubresourceRoute = {
  resource: 'pods',
  subresource: 'log',
  kind: 'Pod',
  verbs: ['get'],
  handle,
};
