/** Cells of volumes and claims. Source: pkg/apis/core/helper, pkg/printers/internalversion. */
import { formatQuantity } from '../../meta/quantity.ts';
import { quantityAt } from '../field-checks.ts';

export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`, always in the same order. */
export const formatAccessModes = (modes: readonly string[] | undefined): string =>
  Object.entries(ABBREVIATIONS)
    .flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : []))
    .join(',');

/** The amount in canonical form; `0` when absent. */
export function formatSize(value: unknown): string {
  const quantity = quantityAt(value);
  return quantity ? formatQuantity(quantity) : '0';
}

interface Classed {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly storageClassName?: string };
}

/** The storage class, of which an old annotation has the first word. */
export const storageClassOf = ({ metadata, spec }: Classed): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
