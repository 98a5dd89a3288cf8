import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from './data-dir.ts';

const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'workerd-linux-64',
  'linux-arm64': 'workerd-linux-arm64',
  'darwin-x64': 'workerd-darwin-64',
  'darwin-arm64': 'workerd-darwin-arm64',
};

/** The workerd binary that came with the packages for this system. */
export function workerdProgram(root: string): string {
  const system = `${process.platform}-${process.arch}`;
  const folder = PACKAGES[system];
  const program = folder && join(root, 'node_modules', '@cloudflare', folder, 'bin', 'workerd');
  if (!program || !existsSync(program)) {
    throw new UserError(`no workerd for ${system} among the installed packages; run npm ci again on this machine`);
  }
  return program;
}
