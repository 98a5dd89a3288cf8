/**
 * Requests that last for as long as somebody looks or talks: they do not take turns with others, and their
 * answers end long after they began. Source: kube-apiserver BasicLongRunningRequestCheck.
 */
import type { AuthorizationAttributes } from './attributes.ts';

const VERBS: ReadonlySet<string> = new Set(['watch', 'proxy']);
const SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Whether the subresource is a connection to something rather than an object. */
export const isConnection = (subresource: string): boolean => SUBRESOURCES.has(subresource);

export const isLongRunning = ({
  resourceRequest,
  verb,
  subresource,
}: Pick<AuthorizationAttributes, 'resourceRequest' | 'verb' | 'subresource'>): boolean =>
  resourceRequest && (VERBS.has(verb) || isConnection(subresource));
