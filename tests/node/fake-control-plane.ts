/**
 * The control plane as one agent sees it, in memory: joins, Node, poll, status, reads, TokenRequest and
 * dialled-back streams. Enough to test the agent without the Worker.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { alreadyExists, notFound, type Status, unauthorized } from '../../schema/meta/status.ts';
import type {
  LogStreamRequest,
  NodeEvent,
  PollReply,
  RemovedObject,
  StatusReport,
  StreamOpening,
} from '../../schema/protocol/agent.ts';

export interface LogAnswer {
  readonly opening: StreamOpening;
  readonly text: string;
}

interface Told {
  readonly revision: number;
  readonly resource: string;
  readonly object?: UntypedObject;
  readonly removed?: RemovedObject;
}

/** What tests look at of a container's status. */
export interface SeenContainer {
  readonly name: string;
  readonly state: SeenState;
  readonly lastState: SeenState;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly image: string;
}

interface SeenState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

export interface SeenStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly hostIP?: string;
  readonly qosClass?: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses: readonly SeenContainer[];
  readonly initContainerStatuses: readonly SeenContainer[];
}

export const isReady = (status: SeenStatus): boolean =>
  status.conditions.some((c) => c.type === 'Ready' && c.status === 'True');

export const JOIN_TOKEN = 'abcdef.0123456789abcdef';

export class FakeControlPlane {
  readonly events: NodeEvent[] = [];
  readonly reports: StatusReport[] = [];
  /** Live objects by `resource|namespace/name`. */
  readonly objects = new Map<string, UntypedObject>();
  tokenRequests = 0;
  #server: Server | undefined;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #streams = new Map<string, (socket: WebSocket) => void>();
  #told: Told[] = [];
  #pendingStreams: LogStreamRequest[] = [];
  #revision = 1;
  #oldestKnown = 0;
  readonly #wakers = new Set<() => void>();
  #port = 0;
  #serial = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => {
      request.socket.setMaxListeners(0);
      void this.#serve(request, response);
    });
    server.on('upgrade', (request, socket, head) => {
      const id = decodeURIComponent((request.url ?? '').split('/').at(-1) ?? '');
      const take = this.#streams.get(id);
      if (!take) return socket.destroy();
      this.#sockets.handleUpgrade(request, socket, head, take);
    });
    await new Promise<void>((resolve) => server.listen(port || this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Goes away; what it knows stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    for (const wake of this.#wakers) wake();
  }

  /** Creates or replaces an object and tells the node. */
  put(resource: string, object: UntypedObject): UntypedObject {
    const { namespace = '', name = '' } = object.metadata;
    const known = this.objects.get(key(resource, namespace, name));
    const stored = {
      ...object,
      metadata: {
        uid: known?.metadata.uid ?? `uid-${++this.#serial}-${name}`,
        ...object.metadata,
        resourceVersion: String(++this.#revision),
      },
    } as UntypedObject;
    this.objects.set(key(resource, namespace, name), stored);
    this.#tell({ revision: this.#revision, resource, object: stored });
    return stored;
  }

  remove(resource: string, namespace: string, name: string): void {
    const known = this.objects.get(key(resource, namespace, name));
    if (!known) return;
    this.objects.delete(key(resource, namespace, name));
    this.#tell({
      revision: ++this.#revision,
      resource,
      removed: { resource, namespace, name, uid: known.metadata.uid ?? '' },
    });
  }

  createPod(name: string, spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): UntypedObject {
    return this.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', creationTimestamp: new Date().toISOString(), ...metadata },
      spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...spec },
      status: { phase: 'Pending' },
    });
  }

  pod(name: string): UntypedObject | undefined {
    return this.objects.get(key('pods', 'default', name));
  }

  /** The pod's status as last reported; empty before. */
  status(name: string): SeenStatus {
    const status = (this.pod(name)?.['status'] ?? {}) as Partial<SeenStatus>;
    return { conditions: [], containerStatuses: [], initContainerStatuses: [], ...status };
  }

  /** One container's status; the first main one by default. */
  container(name: string, index = 0): SeenContainer | undefined {
    return this.status(name).containerStatuses[index];
  }

  /** Graceful deletion, as the API does it. */
  deletePod(name: string, graceSeconds?: number): void {
    const pod = this.pod(name);
    if (!pod) return;
    const grace =
      graceSeconds ?? Number((pod['spec'] as Record<string, unknown>)['terminationGracePeriodSeconds'] ?? 30);
    if (grace === 0) return this.remove('pods', 'default', name);
    this.put('pods', {
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: grace },
    });
  }

  /** The next poll is answered in full. */
  forgetHistory(): void {
    this.#oldestKnown = this.#revision + 1;
    this.#told = [];
  }

  eventsOf(name: string): string[] {
    return this.events.filter((e) => e.regarding.name === name).map((e) => `${e.type} ${e.reason} ${e.message}`);
  }

  /** Reads a container's log through a dialled-back stream, until it closes or `until` is in it. */
  async logs(
    pod: string,
    container: string,
    options: Partial<LogStreamRequest> = {},
    until?: string,
  ): Promise<LogAnswer> {
    const id = `stream-${++this.#serial}`;
    const uid = this.pod(pod)?.metadata.uid ?? '';
    const arrived = new Promise<WebSocket>((resolve) => this.#streams.set(id, resolve));
    this.#pendingStreams.push({
      kind: 'logs',
      id,
      namespace: 'default',
      pod,
      uid,
      container,
      follow: false,
      previous: false,
      timestamps: false,
      ...options,
    });
    for (const wake of this.#wakers) wake();
    const socket = await arrived;
    return new Promise((resolve) => {
      let opening: StreamOpening | undefined;
      let text = '';
      const end = (): void => resolve({ opening: opening ?? { ok: true }, text });
      socket.on('message', (data: Buffer, binary: boolean) => {
        if (!binary) opening = JSON.parse(data.toString()) as StreamOpening;
        else text += data.toString();
        if (until !== undefined && text.includes(until)) socket.close();
      });
      socket.on('close', end);
    });
  }

  #tell(told: Told): void {
    this.#told.push(told);
    for (const wake of this.#wakers) wake();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const body = await bodyOf(request);
    const answer = (code: number, value: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const failed = (status: Status): void => answer(status.code, status);
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const route = `${request.method} ${url.pathname}`;
    if (route === 'POST /agent/v1/join') {
      if (request.headers.authorization !== `Bearer ${JOIN_TOKEN}`) return failed(unauthorized());
      return answer(200, {
        nodeName: (body as { nodeName: string }).nodeName,
        token: 'node-token',
        cluster: 'default',
      });
    }
    if (request.headers.authorization !== 'Bearer node-token') return failed(unauthorized());
    if (url.pathname.startsWith('/agent/v1/nodes/')) {
      if (url.pathname.endsWith('/poll'))
        return this.#poll(parts[3] ?? '', Number(url.searchParams.get('since')), request, answer);
      return answer(200, { pods: this.#takeReport(body as StatusReport) });
    }
    if (route === 'POST /api/v1/nodes') {
      const node = body as UntypedObject;
      if (this.objects.has(key('nodes', '', node.metadata.name ?? '')))
        return failed(alreadyExists('nodes', node.metadata.name ?? ''));
      return answer(201, this.put('nodes', node));
    }
    if (url.pathname.endsWith('/token')) {
      this.tokenRequests++;
      const seconds = (body as { spec?: { expirationSeconds?: number } }).spec?.expirationSeconds ?? 3600;
      const expirationTimestamp = new Date(Date.now() + seconds * 1000).toISOString();
      return answer(201, {
        kind: 'TokenRequest',
        status: { token: `token-${this.tokenRequests}`, expirationTimestamp },
      });
    }
    const [, , first, namespace, resource, name] = parts;
    const known =
      first === 'nodes'
        ? this.objects.get(key('nodes', '', namespace ?? ''))
        : this.objects.get(key(resource ?? '', namespace ?? '', name ?? ''));
    return known ? answer(200, known) : failed(notFound(resource ?? first ?? '', name ?? namespace ?? ''));
  }

  #takeReport(report: StatusReport): (Status | null)[] {
    this.reports.push(report);
    this.events.push(...report.events);
    return report.pods.map((pod) => {
      const known = this.objects.get(key('pods', pod.namespace, pod.name));
      if (known?.metadata.uid !== pod.uid) return notFound('pods', pod.name);
      if (pod.kind === 'terminated') this.remove('pods', pod.namespace, pod.name);
      else this.put('pods', { ...known, status: pod.status });
      return null;
    });
  }

  async #poll(
    node: string,
    since: number,
    request: IncomingMessage,
    answer: (code: number, value: unknown) => void,
  ): Promise<void> {
    const full = since === 0 || since < this.#oldestKnown;
    const until = Date.now() + 30_000;
    const asker = { gone: false };
    request.socket.once('close', () => {
      asker.gone = true;
    });
    if (!full) await this.#waitForNews(since, until, asker);
    if (asker.gone || !this.#server) return;
    answer(200, this.#reply(node, since, full));
  }

  async #waitForNews(since: number, until: number, asker: { readonly gone: boolean }): Promise<void> {
    while (
      Date.now() < until &&
      !asker.gone &&
      this.#server &&
      !this.#news(since) &&
      this.#pendingStreams.length === 0
    ) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        const wake = (): void => {
          clearTimeout(timer);
          this.#wakers.delete(wake);
          resolve();
        };
        this.#wakers.add(wake);
      });
    }
  }

  #news(since: number): boolean {
    return this.#told.some((t) => t.revision > since);
  }

  #reply(node: string, since: number, full: boolean): PollReply {
    const concerns = (t: { readonly resource: string; readonly object?: UntypedObject }): boolean =>
      t.resource !== 'nodes' || t.object?.metadata.name === node;
    const streams = this.#pendingStreams.splice(0);
    if (full) {
      const objects = [...this.objects].map(([k, object]) => ({ resource: k.split('|')[0] as string, object }));
      return { revision: this.#revision, full, objects: objects.filter(concerns), removed: [], streams };
    }
    const news = this.#told.filter((t) => t.revision > since);
    return {
      revision: this.#revision,
      full,
      objects: news.flatMap((t) => (t.object && concerns(t) ? [{ resource: t.resource, object: t.object }] : [])),
      removed: news.flatMap((t) => (t.removed ? [t.removed] : [])),
      streams,
    };
  }
}

const key = (resource: string, namespace: string, name: string): string => `${resource}|${namespace}/${name}`;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text ? JSON.parse(text) : {};
}

/** Waits until `check` gives something; the error names what was waited for. */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | false | null,
  timeoutMs = 30_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = check();
    if (found) return found;
    if (Date.now() > until) throw new Error(`in vain waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
