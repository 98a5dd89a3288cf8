/** What every volume type is given and gives. One type per file. */
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { Result } from '../../schema/meta/status.ts';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { NodeFacts } from '../pods/downward-fields.ts';
import type { Pod } from '../pods/pod.ts';

export type Volume = IVolume;

export interface ServiceAccountToken {
  readonly token: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

export interface TokenQuery {
  readonly pod: Pod;
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

export interface VolumeContext {
  readonly pod: Pod;
  readonly facts: NodeFacts;
  /** The volume's own folder on the host; made by the type that needs it. */
  readonly folder: string;
  readonly fsGroup: number | undefined;
  readonly memoryCapacityBytes: number;
  configMap(name: string): Promise<UntypedObject | undefined>;
  secret(name: string): Promise<UntypedObject | undefined>;
  /** Fresh enough; asked anew at 80 % of its life. */
  token(query: TokenQuery): Promise<Result<ServiceAccountToken>>;
}

/** Where the volume is on the host, or why it cannot be there (as FailedMount says it). */
export type VolumeReady =
  | { readonly ok: true; readonly hostPath: string }
  | { readonly ok: false; readonly message: string };

export const volumeFailed = (message: string): VolumeReady => ({ ok: false, message });
export const volumeAt = (hostPath: string): VolumeReady => ({ ok: true, hostPath });

export interface VolumeType {
  /** The folder name of the type: `kubernetes.io~empty-dir`. */
  readonly name: string;
  /** True when the volume is of this type. */
  matches(volume: Volume): boolean;
  /** Makes it ready and up to date; called again whenever something it shows may have changed. */
  setUp(volume: Volume, context: VolumeContext): Promise<VolumeReady>;
}
