/** kubectl in a namespace and a folder of its own, and what it is expected to print. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';

import { type CommandResult, KUBECTL, type RunningCluster } from '../cluster/running-cluster.ts';

const COMMAND_TIMEOUT_MS = 60_000;

export interface Expected {
  /** Standard output: as it is, or what it matches. */
  readonly out?: string | RegExp;
  readonly err?: string | RegExp;
  /** 0 unless `err` is given; then 1. */
  readonly code?: number;
  /** Sent as it is when a string, else as JSON. */
  readonly stdin?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** A command line (single quotes keep blanks together), and what it prints. */
export type Step = readonly [command: string, expected?: string | RegExp | Expected];

export class KubectlSession {
  readonly folder = mkdtempSync(join(tmpdir(), 'zeroplane-kubectl-'));
  readonly #cluster: RunningCluster;
  readonly #namespace: string;

  constructor(cluster: RunningCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** Makes the namespace, and waits for the account its pods run as. */
  async open(): Promise<void> {
    await this.play([[`create namespace ${this.#namespace}`, `namespace/${this.#namespace} created\n`]]);
    await this.play([['wait serviceaccount/default --for=create --timeout=30s', /condition met/]]);
  }

  /** A file in the session's folder, which is the working directory. */
  file(name: string, content: unknown): void {
    writeFileSync(join(this.folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Runs the commands one after the other, each of which must do as expected. */
  async play(steps: readonly Step[]): Promise<void> {
    for (const [command, told] of steps) {
      const expected: Expected = typeof told === 'string' || told instanceof RegExp ? { out: told } : (told ?? {});
      const { code, stdout: printed, stderr } = await this.run(command, expected);
      // Said since 1.34.
      const stdout = printed.replace(/ from \S+ namespace(?=$| \()/gm, '');
      const context = `kubectl ${command}\n${stderr}${stdout}`;
      if (expected.out !== undefined) expectText(stdout, expected.out, context);
      if (expected.err !== undefined) expectText(stderr, expected.err, context);
      expect(code, context).toBe(expected.code ?? (expected.err === undefined ? 0 : 1));
    }
  }

  /** What the command prints when it succeeds. */
  async output(command: string, options: Pick<Expected, 'stdin' | 'env'> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    expect(code, `kubectl ${command}\n${stderr}${stdout}`).toBe(0);
    return stdout;
  }

  async run(command: string, { stdin, env }: Pick<Expected, 'stdin' | 'env'> = {}): Promise<CommandResult> {
    const args = ['--kubeconfig', this.#cluster.kubeconfig, '--namespace', this.#namespace, ...words(command)];
    const running = promisify(execFile)(KUBECTL, args, {
      cwd: this.folder,
      maxBuffer: 64 * 1024 * 1024,
      timeout: COMMAND_TIMEOUT_MS,
      // Its discovery cache is the session's own, and error texts are as unset terminals have them.
      env: { ...process.env, HOME: this.folder, KUBECONFIG: this.#cluster.kubeconfig, ...env },
    });
    running.child.stdin?.end(
      stdin === undefined ? undefined : typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
    );
    try {
      const { stdout, stderr } = await running;
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
      return { code: typeof code === 'number' ? code : -1, stdout: stdout ?? '', stderr: stderr ?? String(error) };
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function expectText(text: string, expected: string | RegExp, context: string): void {
  if (typeof expected === 'string') expect(text, context).toBe(expected);
  else expect(text, context).toMatch(expected);
}

const words = (command: string): string[] =>
  [...command.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));

/** The headings of a printed table. */
export const columnsOf = (table: string): string[] =>
  (table.split('\n')[0] ?? '')
    .trim()
    .split(/\s{2,}/)
    .filter(Boolean);
