/** The Kubernetes server for language models that npm carries: a Go program made of client-go and Helm. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const modules = new URL('../../node_modules', import.meta.url).pathname;
export const MCP_SERVER = join(modules, 'kubernetes-mcp-server-linux-amd64/bin/kubernetes-mcp-server-linux-amd64');
export const hasMcpServer = (): boolean => existsSync(MCP_SERVER);

interface RpcAnswer {
  readonly id?: number;
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text: string }[] };
}

/** A client of an MCP server on its standard streams. */
export class McpClient {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: RpcAnswer) => void>();
  #lastId = 0;

  constructor(kubeconfig: string) {
    this.#process = spawn(MCP_SERVER, ['--toolsets', 'helm,core', '--kubeconfig', kubeconfig], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const answer = JSON.parse(line) as RpcAnswer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  async open(): Promise<void> {
    const clientInfo = { name: 'zeroplane-tests', version: '1' };
    await this.#call('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
    this.#send({ method: 'notifications/initialized' });
  }

  /** A tool's answer; rejects with its text when it failed. */
  async tool(name: string, args: Record<string, unknown>): Promise<string> {
    const { result } = await this.#call('tools/call', { name, arguments: args });
    const text = result?.content?.[0]?.text ?? '';
    if (!result || result.isError) throw new Error(text);
    return text;
  }

  close(): void {
    this.#process.kill();
  }

  #call(method: string, params: object): Promise<RpcAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<RpcAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#send({ id, method, params });
    return answer;
  }

  #send(message: object): void {
    this.#process.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
}
