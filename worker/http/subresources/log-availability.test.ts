import { describe, expect, it } from 'vitest';
import { logsUnavailable } from './log-availability.ts';

const pod = (status?: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  status: status ? { containerStatuses: [{ name: 'c', ...status }] } : {},
});

const said = (status: object | undefined, previous = false) => logsUnavailable(pod(status), 'c', previous)?.message;

describe('logs', () => {
  it.each<[string, object | undefined, boolean]>([
    ['runs', { state: { running: {} } }, false],
    ['has ended', { state: { terminated: { containerID: 'a' } } }, false],
    [
      'waits to run again',
      { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { containerID: 'a' } } },
      false,
    ],
    ['ran before', { state: { running: {} }, lastState: { terminated: { containerID: 'a' } } }, true],
    ['is not told of yet', undefined, false],
  ])('are there when the container %s', (_what, status, previous) => {
    expect(said(status, previous)).toBeUndefined();
  });

  it.each<[object, boolean, string]>([
    [
      { state: { waiting: { reason: 'ContainerCreating' } } },
      false,
      'container "c" in pod "web" is waiting to start: ContainerCreating',
    ],
    [
      { state: { waiting: { reason: 'ErrImagePull' } } },
      false,
      `container "c" in pod "web" is waiting to start: image can't be pulled`,
    ],
    [
      { state: { waiting: { reason: 'ImagePullBackOff' } } },
      false,
      'container "c" in pod "web" is waiting to start: trying and failing to pull image',
    ],
    [{ state: { terminated: {} } }, false, 'container "c" in pod "web" is terminated'],
    [{ state: { running: {} } }, true, 'previous terminated container "c" in pod "web" not found'],
    [{}, false, 'container "c" in pod "web" is waiting to start - no logs yet'],
  ])('of %j are refused', (status, previous, message) => {
    expect(said(status, previous)).toBe(message);
  });
});
