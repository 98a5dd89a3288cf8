/**
 * Writes the audit log of a self-hosted cluster: takes lines from the control plane over a Unix socket.
 * A process of its own, because workerd does not append to files and the supervisor sleeps.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { RotatingFile } from './rotating-file.ts';

/** The control plane sends 16 million characters at most, of three bytes at most: what is refused here it would send for ever. */
const BATCH_BYTES_MAX = 50_000_000;

const [socket = '', path = '', megabytes = '', backups = '', days = ''] = process.argv.slice(2);
const limits = { megabytesMax: Number(megabytes), backupsMax: Number(backups), daysMax: Number(days) };
const file = new RotatingFile(path, limits, () => Date.now());

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BATCH_BYTES_MAX) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => {
    try {
      file.append(Buffer.concat(chunks));
      response.writeHead(204).end();
    } catch (error) {
      // A full disk: the control plane keeps what it can and tries again.
      console.error(`audit log: ${(error as Error).message}`);
      response.writeHead(503).end();
    }
  });
});

rmSync(socket, { force: true });
server.listen(socket);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
    file.close();
    process.exit(0);
  });
}
