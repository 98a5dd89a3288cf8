/** Runs a container's lifecycle hook: exec, httpGet, tcpSocket (never runs, as upstream) or sleep. Source: lifecycle/handlers.go. */
import { request } from 'node:http';
import { pause } from '../clock.ts';
import { messageOf } from '../log.ts';
import type { Container, Pod } from './pod.ts';
import { resolvePort } from './container-port.ts';
import type { PodContext } from './pod-context.ts';

export type HookHandler = NonNullable<NonNullable<Container['lifecycle']>['preStop']>;

export type HookOutcome = { readonly ok: true } | { readonly ok: false; readonly message: string };

export async function runHook(
  context: PodContext,
  pod: Pod,
  container: Container,
  containerId: string,
  hook: HookHandler,
  timeoutMs: number,
): Promise<HookOutcome> {
  try {
    if (hook.exec) {
      const command = hook.exec.command ?? [];
      const result = await context.runtime.exec(containerId, command, timeoutMs);
      if (result.exitCode === 0) return { ok: true };
      const output = result.stdout + result.stderr;
      return { ok: false, message: `command '${command.join(' ')}' exited with ${result.exitCode}: ${output}` };
    }
    if (hook.sleep) {
      await pause(context.clock, Math.min((hook.sleep.seconds ?? 0) * 1000, timeoutMs));
      return { ok: true };
    }
    if (hook.httpGet) {
      const host = hook.httpGet.host || pod.status?.podIP || (await podIp(context, pod));
      const status = await httpGet({
        host,
        port: resolvePort(container, hook.httpGet.port),
        path: hook.httpGet.path ?? '/',
        headers: hook.httpGet.httpHeaders ?? [],
        timeoutMs,
      });
      return status < 400 ? { ok: true } : { ok: false, message: `unexpected status ${status}` };
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

async function podIp(context: PodContext, pod: Pod): Promise<string> {
  const observed = await context.observer.observe(pod.metadata.uid ?? '');
  return observed.sandboxes[0]?.ips[0] ?? context.node.hostIPs[0] ?? '127.0.0.1';
}

interface HttpGet {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
}

function httpGet(options: HttpGet): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: options.host,
        port: options.port,
        path: options.path,
        headers: Object.fromEntries(options.headers.map((h) => [h.name, h.value])),
        timeout: options.timeoutMs,
        agent: false,
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('timed out')));
    sent.on('error', reject);
    sent.end();
  });
}
