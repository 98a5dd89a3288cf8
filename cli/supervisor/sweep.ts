import { connect } from 'node:net';

const SWEEP_TIMEOUT_MS = 30_000;

/**
 * Calls the Worker's scheduled handler as a cron trigger would: workerd has no clock of its own for it.
 * One plain request over the control socket, its answer ignored: what it missed comes a minute later.
 */
export async function triggerSweep(controlSocket: string, token: string): Promise<void> {
  const socket = connect(controlSocket);
  socket.setTimeout(SWEEP_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', () => {});
  socket.end(
    `POST /internal/scheduled HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}
