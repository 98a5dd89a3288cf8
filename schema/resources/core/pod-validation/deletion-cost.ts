/** Annotation by which a ReplicaSet picks the pods it removes first. */
export const POD_DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** A whole number of 32 bits without leading zeros or plus sign. */
export function isDeletionCost(text: string): boolean {
  if (!/^(?:0|-?[0-9]+)$/.test(text) || /^0./.test(text)) return false;
  const value = Number(text);
  return value >= -2147483648 && value <= 2147483647;
}
