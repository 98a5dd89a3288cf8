import { describe, expect, test } from 'vitest';
import { ManualClock } from '../manual-clock.ts';
import { testPod } from '../pods/testing-pods.ts';
import type { ImageInfo, Runtime } from '../runtime/port.ts';
import { RuntimeFailure } from '../runtime/port.ts';
import { ImagePuller, type ImageOutcome } from './image-puller.ts';

const IMAGE: ImageInfo = {
  id: 'sha256:1',
  tags: ['app:1'],
  digests: [],
  sizeBytes: 7,
  uid: 0,
  username: '',
  pinned: false,
};

function make(present: ImageInfo | undefined, pull: () => Promise<string> = async () => 'sha256:1') {
  const clock = new ManualClock();
  const state = { present, pulls: 0 };
  const runtime: Pick<Runtime, 'image' | 'pullImage'> = {
    image: async () => state.present,
    pullImage: async () => {
      state.pulls++;
      const id = await pull();
      state.present = IMAGE;
      return id;
    },
  };
  const puller = new ImagePuller(runtime as Runtime, clock);
  const events: string[] = [];
  const ensure = (image: string, imagePullPolicy?: 'Always' | 'Never' | 'IfNotPresent'): Promise<ImageOutcome> =>
    puller.ensure({
      pod: testPod(),
      container: { name: 'main', image, imagePullPolicy },
      pullSecrets: [],
      signal: new AbortController().signal,
      event: (type, reason, message) => events.push(`${type} ${reason} ${message}`),
    });
  return { clock, state, events, ensure };
}
const reason = (outcome: ImageOutcome): string => (outcome.ok ? 'ok' : outcome.reason);

describe('making an image present', () => {
  test.each([
    ['IfNotPresent', true, 'ok', 0],
    ['IfNotPresent', false, 'ok', 1],
    ['Always', true, 'ok', 1],
    ['Never', true, 'ok', 0],
    ['Never', false, 'ErrImageNeverPull', 0],
  ] as const)('policy %s, present %s: %s after %i pulls', async (policy, present, wanted, pulls) => {
    const { ensure, state } = make(present ? IMAGE : undefined);
    expect(reason(await ensure('app:1', policy))).toBe(wanted);
    expect(state.pulls).toBe(pulls);
  });

  test('without a policy :latest is always pulled', async () => {
    const { ensure, state } = make(IMAGE);
    await ensure('app');
    await ensure('app:1');
    expect(state.pulls).toBe(1);
  });

  test('failed pulls back off, longer each time, and say why meanwhile', async () => {
    const { ensure, state, clock, events } = make(undefined, async () => {
      throw new RuntimeFailure('NotFound', 'no such thing');
    });
    expect(await ensure('app:1')).toMatchObject({ reason: 'ErrImagePull', message: 'no such thing' });
    expect(await ensure('app:1')).toMatchObject({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "app:1": ErrImagePull: no such thing',
    });
    await clock.pass(10_000);
    expect(reason(await ensure('app:1'))).toBe('ErrImagePull');
    await clock.pass(10_000);
    expect(reason(await ensure('app:1'))).toBe('ImagePullBackOff');
    await clock.pass(10_000);
    expect(reason(await ensure('app:1'))).toBe('ErrImagePull');
    expect(state.pulls).toBe(3);
    expect(events.slice(0, 3)).toEqual([
      'Normal Pulling Pulling image "app:1"',
      'Warning Failed Failed to pull image "app:1": no such thing',
      'Normal BackOff Back-off pulling image "app:1"',
    ]);
  });

  test('what is no image name is not even looked for', async () => {
    const { ensure, events } = make(undefined);
    expect(reason(await ensure('Not:A:Name'))).toBe('InvalidImageName');
    expect(events[0]).toBe(
      `Warning InspectFailed Failed to apply default image tag "Not:A:Name": couldn't parse image name "Not:A:Name": invalid reference format: repository name must be lowercase`,
    );
  });
});
