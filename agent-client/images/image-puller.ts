/** Makes a container's image present by its pull policy. Source: kubelet images/image_manager.go. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../log.ts';
import { type BackOff, goDuration, nextBackOff } from '../pods/crash-back-off.ts';
import { type Container, type Pod, podUid } from '../pods/pod.ts';
import type { ImageAuth, ImageInfo, Runtime } from '../runtime/port.ts';
import { withDefaultTag } from './image-name.ts';
import { credentialsFor } from './registry-credentials.ts';

export type ImageFailureReason =
  | 'InvalidImageName'
  | 'ImageInspectError'
  | 'ErrImageNeverPull'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'RegistryUnavailable';

export type ImageOutcome =
  | { readonly ok: true; readonly imageRef: string; readonly image: ImageInfo | undefined }
  /** `retryAt`: when trying again makes sense, ms since the epoch. */
  | { readonly ok: false; readonly reason: ImageFailureReason; readonly message: string; readonly retryAt: number };

export interface ImageRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly pullSecrets: readonly UntypedObject[];
  readonly signal: AbortSignal;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface PullState {
  readonly backOff: BackOff;
  readonly error: string;
}

/** How long a failure that only a changed pod mends waits. */
const HOPELESS_RETRY_MS = 60_000;
/** So long a failed pull is shown as such before it is shown as backed off. */
const FAILURE_SHOWN_MS = 2_000;
const PULLS_MAX = 5;
/** Remembered failures; the oldest go first. */
const FAILURES_MAX = 1_000;

export class ImagePuller {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #failures = new Map<string, PullState>();
  #pulling = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  async ensure(request: ImageRequest): Promise<ImageOutcome> {
    const { container } = request;
    const name = container.image ?? '';
    const now = this.#clock.now();
    const tagged = withDefaultTag(name);
    if (!tagged.ok) {
      const message = `Failed to apply default image tag "${name}": ${tagged.message}`;
      request.event('Warning', 'InspectFailed', message);
      return { ok: false, reason: 'InvalidImageName', message, retryAt: now + HOPELESS_RETRY_MS };
    }
    let present: ImageInfo | undefined;
    try {
      present = await this.#runtime.image(tagged.image);
    } catch (error) {
      const message = `Failed to inspect image "${name}": ${messageOf(error)}`;
      request.event('Warning', 'InspectFailed', message);
      return { ok: false, reason: 'ImageInspectError', message, retryAt: now + 10_000 };
    }
    const policy = container.imagePullPolicy ?? (tagged.image.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    if (present && policy !== 'Always') {
      request.event(
        'Normal',
        'Pulled',
        `Container image "${name}" already present on machine and can be accessed by the pod`,
      );
      return { ok: true, imageRef: present.id, image: present };
    }
    if (policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`;
      request.event('Warning', 'ErrImageNeverPull', message);
      return { ok: false, reason: 'ErrImageNeverPull', message, retryAt: now + HOPELESS_RETRY_MS };
    }
    return this.#pull(request, tagged.image);
  }

  /** Forgets what failed for a pod that is gone. */
  forget(pod: Pod): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${podUid(pod)}_`)) this.#failures.delete(key);
  }

  async #pull(request: ImageRequest, image: string): Promise<ImageOutcome> {
    const { pod, container } = request;
    const name = container.image ?? '';
    const key = `${podUid(pod)}_${image}`;
    const failed = this.#failures.get(key);
    const now = this.#clock.now();
    if (failed && failed.backOff.updatedAt + failed.backOff.delayMs > now) {
      const message = `Back-off pulling image "${name}"`;
      request.event('Normal', 'BackOff', message);
      return {
        ok: false,
        reason: 'ImagePullBackOff',
        message: `${message}: ${failed.error}`,
        retryAt: failed.backOff.updatedAt + failed.backOff.delayMs,
      };
    }
    request.event('Normal', 'Pulling', `Pulling image "${name}"`);
    await this.#enter();
    const begun = this.#clock.now();
    try {
      await this.#pullWithCredentials(request, image);
    } catch (error) {
      return this.#pullFailed(request, key, messageOf(error));
    } finally {
      this.#leave();
    }
    this.#failures.delete(key);
    const info = await this.#runtime.image(image).catch(() => undefined);
    const end = this.#clock.now();
    request.event(
      'Normal',
      'Pulled',
      `Successfully pulled image "${name}" in ${goDuration(end - begun)} (${goDuration(end - now)} including waiting). Image size: ${info?.sizeBytes ?? 0} bytes.`,
    );
    return { ok: true, imageRef: info?.id ?? image, image: info };
  }

  async #pullWithCredentials(request: ImageRequest, image: string): Promise<void> {
    const known: (ImageAuth | undefined)[] = credentialsFor(image, request.pullSecrets);
    const annotations = request.pod.metadata.annotations ?? {};
    let last: unknown;
    for (const auth of known.length ? known : [undefined]) {
      try {
        await this.#runtime.pullImage(image, auth, request.signal, annotations);
        return;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #pullFailed(request: ImageRequest, key: string, error: string): ImageOutcome {
    const name = request.container.image ?? '';
    const now = this.#clock.now();
    request.event('Warning', 'Failed', `Failed to pull image "${name}": ${error}`);
    const backOff = nextBackOff(this.#failures.get(key)?.backOff, now);
    this.#failures.delete(key);
    this.#failures.set(key, { backOff, error: `ErrImagePull: ${error}` });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= FAILURES_MAX) break;
      this.#failures.delete(oldest);
    }
    return { ok: false, reason: 'ErrImagePull', message: error, retryAt: now + FAILURE_SHOWN_MS };
  }

  async #enter(): Promise<void> {
    if (this.#pulling < PULLS_MAX) {
      this.#pulling++;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#pulling--;
  }
}
