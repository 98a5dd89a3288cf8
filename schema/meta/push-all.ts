/**
 * Adds items to the end of a list. `list.push(...items)` passes each as an argument, and runs out of
 * stack at some hundred thousand: as many errors as one request's body can have.
 */
export function pushAll<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}
