/** The class that objects without one get. Source: pkg/volume/util/storageclass.go, admission/network/defaultingressclass. */
import type { GroupResource, UntypedObject } from '../../schema/meta/object-meta.ts';
import type { StoreReader } from '../registry/transaction.ts';

const bornMs = ({ metadata }: UntypedObject): number => Date.parse(metadata.creationTimestamp ?? '');

const isBefore = (a: UntypedObject, b: UntypedObject): number =>
  bornMs(b) - bornMs(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);

/** The newest that one of the annotations marks; of those born together the first by name. */
export const defaultClassOf = (
  reader: StoreReader,
  resource: GroupResource,
  annotations: readonly string[],
): UntypedObject | undefined =>
  (reader.configList?.(resource) ?? [])
    .filter(({ metadata }) => annotations.some((key) => metadata.annotations?.[key] === 'true'))
    .sort(isBefore)[0];
