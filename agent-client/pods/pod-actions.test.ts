import { describe, expect, test } from 'vitest';
import { NOTHING_OBSERVED, type ObservedPod } from './observed-pod.ts';
import { type DesiredPod, type PodAction, podActions } from './pod-actions.ts';
import { desired, inSandbox, NOW, SANDBOX, seen, sidecar, testPod } from './testing-pods.ts';

/** Actions in short: `start main#1`. */
const short = (action: PodAction): string => {
  switch (action.kind) {
    case 'kill-pod':
      return `kill pod: ${action.why}`;
    case 'create-sandbox':
      return `sandbox#${action.attempt}`;
    case 'kill-container':
      return `kill ${action.name}: ${action.message}`;
    case 'start-container':
      return `start ${action.container.name}#${action.attempt}`;
    case 'hold-container':
      return `hold ${action.name} until +${action.until - NOW}`;
  }
};
const actions = (wanted: DesiredPod, observed: ObservedPod): string[] => podActions(wanted, observed, NOW).map(short);

const INIT = {
  initContainers: [
    { name: 'a', image: 'i' },
    { name: 'b', image: 'i' },
  ],
};
const failed = { exitCode: 1, reason: 'Error' };

describe('what a pod needs done', () => {
  test('a new pod gets a sandbox and its containers', () => {
    expect(actions(desired(testPod()), NOTHING_OBSERVED)).toEqual(['sandbox#0', 'start main#0']);
  });

  test('nothing while all is well', () => {
    expect(actions(desired(testPod()), inSandbox(seen('main', 'running')))).toEqual([]);
  });

  test.each([
    ['Always', 0, ['start main#1']],
    ['Always', 1, ['start main#1']],
    ['OnFailure', 1, ['start main#1']],
    ['OnFailure', 0, ['kill pod: finished']],
    ['Never', 1, ['kill pod: finished']],
  ] as const)('restartPolicy %s after exit %i', (restartPolicy, exitCode, wanted) => {
    expect(actions(desired(testPod({ restartPolicy })), inSandbox(seen('main', 'exited', { exitCode })))).toEqual(
      wanted,
    );
  });

  test('a container-level policy comes before the pod’s', () => {
    const pod = testPod({
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'app:1', restartPolicy: 'Always' }],
    });
    expect(actions(desired(pod), inSandbox(seen('main', 'exited', failed)))).toEqual(['start main#1']);
  });

  test('a crash loop is held until its back-off is over', () => {
    const backOffs = new Map([['main', { delayMs: 20_000, updatedAt: NOW - 40_000 }]]);
    const observed = inSandbox(seen('main', 'exited', failed));
    expect(actions(desired(testPod(), { backOffs }), observed)).toEqual(['hold main until +15000']);
    expect(podActions(desired(testPod(), { backOffs }), observed, NOW + 15_000).map(short)).toEqual(['start main#1']);
  });

  test('init containers run one after the other, before the main ones', () => {
    const pod = testPod(INIT);
    expect(actions(desired(pod), NOTHING_OBSERVED)).toEqual(['sandbox#0', 'start a#0']);
    expect(actions(desired(pod), inSandbox())).toEqual(['start a#0']);
    expect(actions(desired(pod), inSandbox(seen('a', 'running')))).toEqual([]);
    expect(actions(desired(pod), inSandbox(seen('a', 'exited')))).toEqual(['start b#0']);
    expect(actions(desired(pod), inSandbox(seen('a', 'exited'), seen('b', 'exited', { createdAt: NOW })))).toEqual([
      'start main#0',
    ]);
  });

  test('a failed init container is tried again, or ends the pod that never restarts', () => {
    const observed = inSandbox(seen('a', 'exited', failed));
    expect(actions(desired(testPod(INIT)), observed)).toEqual(['start a#1']);
    expect(actions(desired(testPod({ ...INIT, restartPolicy: 'Never' })), observed)).toEqual(['kill pod: finished']);
  });

  test('collected init containers do not run again while a main container lives', () => {
    expect(actions(desired(testPod(INIT)), inSandbox(seen('main', 'running')))).toEqual([]);
  });

  test('a sidecar lets the next start once it has started, and is restarted beside running mains', () => {
    const pod = testPod({ initContainers: [sidecar('side'), { name: 'b', image: 'i' }] });
    const running = inSandbox(seen('side', 'running'));
    expect(actions(desired(pod, { notStarted: new Set(['side-0']) }), running)).toEqual([]);
    expect(actions(desired(pod), running)).toEqual(['start b#0']);
    const crashed = inSandbox(seen('side', 'exited', failed), seen('b', 'exited'), seen('main', 'running'));
    expect(actions(desired(pod), crashed)).toEqual(['start side#1']);
  });

  test('a pod whose mains have ended is finished although a sidecar runs', () => {
    const pod = testPod({ restartPolicy: 'Never', initContainers: [sidecar('side')] });
    expect(actions(desired(pod), inSandbox(seen('side', 'running'), seen('main', 'exited')))).toEqual([
      'kill pod: finished',
    ]);
  });

  test('a dead sandbox is replaced, and init begins anew', () => {
    const dead = { sandboxes: [{ ...SANDBOX, ready: false }], containers: [seen('main', 'exited', { exitCode: 137 })] };
    expect(actions(desired(testPod()), dead)).toEqual(['kill pod: sandbox-changed', 'sandbox#1', 'start main#1']);
    expect(actions(desired(testPod(INIT)), dead)).toEqual(['kill pod: sandbox-changed', 'sandbox#1', 'start a#0']);
    const old = {
      sandboxes: [{ ...SANDBOX, id: 's1', attempt: 1 }],
      containers: [seen('a', 'exited'), seen('b', 'exited'), seen('main', 'exited')],
    };
    expect(actions(desired(testPod(INIT)), old)).toEqual(['start a#1']);
  });

  test('a finished pod gets no new sandbox', () => {
    const dead = { sandboxes: [{ ...SANDBOX, ready: false }], containers: [seen('main', 'exited')] };
    expect(actions(desired(testPod({ restartPolicy: 'Never' })), dead)).toEqual(['kill pod: sandbox-changed']);
  });

  test('a changed definition or a failed probe restarts the container', () => {
    const observed = inSandbox(seen('main', 'running'));
    expect(actions(desired(testPod(), { specHash: () => 'other' }), observed)).toEqual([
      'kill main: Container main definition changed, will be restarted',
      'start main#1',
    ]);
    const failedProbes = new Map([['main-0', 'liveness' as const]]);
    expect(actions(desired(testPod(), { failedProbes }), observed)[0]).toBe(
      'kill main: Container main failed liveness probe, will be restarted',
    );
    expect(actions(desired(testPod({ restartPolicy: 'Never' }), { failedProbes }), observed)).toEqual([
      'kill main: Container main failed liveness probe',
    ]);
  });

  test('ephemeral containers start once and never again', () => {
    const pod = testPod({ ephemeralContainers: [{ name: 'debug', image: 'd' }] });
    expect(actions(desired(pod), inSandbox(seen('main', 'running')))).toEqual(['start debug#0']);
    expect(actions(desired(pod), inSandbox(seen('main', 'running'), seen('debug', 'exited')))).toEqual([]);
  });

  test('a container created and never started is made again without counting', () => {
    expect(actions(desired(testPod()), inSandbox(seen('main', 'created', { attempt: 2 })))).toEqual(['start main#2']);
  });

  test('restart counts go on although the runtime has forgotten the container', () => {
    expect(actions(desired(testPod(), { knownRestarts: new Map([['main', 4]]) }), NOTHING_OBSERVED)).toEqual([
      'sandbox#0',
      'start main#4',
    ]);
  });
});
