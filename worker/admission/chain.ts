/** The admission plugins in upstream's order (pkg/kubeapiserver/options/plugins.go). */
import type { Status } from '../../schema/meta/status.ts';
import type { StoreReader } from '../registry/transaction.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';

export const ADMISSION_PLUGINS: readonly AdmissionPlugin[] = [];

/** Mutating phase: the first refusal ends it. */
export function admit(
  attributes: AdmissionAttributes,
  reader: StoreReader,
  context: AdmissionContext,
  plugins: readonly AdmissionPlugin[] = ADMISSION_PLUGINS,
): Status | undefined {
  for (const plugin of plugins) {
    const refusal = plugin.admit?.(attributes, reader, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Validating phase, after the strategy's own validation. */
export function validateAdmission(
  attributes: AdmissionAttributes,
  reader: StoreReader,
  context: AdmissionContext,
  plugins: readonly AdmissionPlugin[] = ADMISSION_PLUGINS,
): Status | undefined {
  for (const plugin of plugins) {
    const refusal = plugin.validate?.(attributes, reader, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
