/**
 * What it takes to change a claim's status, beyond the status subresource: `binding` for what is
 * allocated and to whom, `driver` for what a driver reports of its devices.
 * Source: pkg/registry/resource/utils.go (DRAResourceClaimGranularStatusAuthorization).
 */
import { type FieldError, forbiddenField } from '../../meta/field-error.ts';
import { nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { StrategyContext } from '../../meta/resource.ts';
import { deviceKey } from './declared-devices.ts';
import { sameValue } from './declared-rules.ts';
import type { Allocation, ClaimStatus } from './device-types.ts';

const NODE_NAME = 'authentication.kubernetes.io/node-name';
const SERVICE_ACCOUNT = /^system:serviceaccount:[^:]+:[^:]+$/;

function bindingErrors(next: ClaimStatus, previous: ClaimStatus, { authorization }: StrategyContext): FieldError[] {
  const isKept = sameValue(next.allocation, previous.allocation) && sameValue(next.reservedFor, previous.reservedFor);
  if (isKept || !authorization) return [];
  const refusal = authorization.refusal({ verb: authorization.verb, subresource: 'binding', namespace: '', name: '' });
  if (refusal === undefined) return [];
  const what = `resource="resourceclaims/binding", verb="${authorization.verb}"`;
  const text = `changing status.allocation or status.reservedFor requires ${what} permission: ${refusal}`;
  return [forbiddenField('status', text)];
}

/** The drivers of whose devices something was added, changed or removed. */
function changedDrivers(next: ClaimStatus, previous: ClaimStatus): readonly string[] {
  const before = new Map((previous.devices ?? []).map((device) => [deviceKey(device), device]));
  const changed = new Set<string>();
  for (const device of next.devices ?? []) {
    const old = before.get(deviceKey(device));
    before.delete(deviceKey(device));
    if (!old || !sameValue(old, device)) changed.add(device.driver ?? '');
  }
  for (const { driver = '' } of before.values()) changed.add(driver);
  return [...changed].sort();
}

/** The one node that an allocation is for. */
function nodeOf(allocation: Allocation | undefined): string {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [{ matchExpressions = [], matchFields = [] } = {}] = terms;
  const [{ key, operator, values = [] } = {}] = matchFields;
  const isOne = terms.length === 1 && matchExpressions.length === 0 && matchFields.length === 1;
  const isName = key === 'metadata.name' && operator === 'In' && values.length === 1;
  return isOne && isName ? (values[0] ?? '') : '';
}

function isOnNode({ username, extra = {} }: StrategyContext['user'], node: string): boolean {
  const names = extra[NODE_NAME] ?? [];
  return node !== '' && SERVICE_ACCOUNT.test(username) && names.length === 1 && names[0] === node
    ? nameIsDNSSubdomain(node, false).length === 0
    : false;
}

function driverErrors(next: ClaimStatus, previous: ClaimStatus, context: StrategyContext): FieldError[] {
  const { authorization } = context;
  if (!authorization) return [];
  const prefixes = isOnNode(context.user, nodeOf(next.allocation))
    ? ['associated-node:', 'arbitrary-node:']
    : ['arbitrary-node:'];
  const verbs = prefixes.map((prefix) => `${prefix}${authorization.verb}`);
  const what = `resource="resourceclaims/driver", verb="[${verbs.join(' ')}]"`;
  return changedDrivers(next, previous).flatMap((driver) => {
    const refusals = verbs.map((verb) =>
      authorization.refusal({ verb, subresource: 'driver', namespace: authorization.namespace, name: driver }),
    );
    const isAllowed = refusals.includes(undefined);
    return isAllowed
      ? []
      : [forbiddenField('status.devices', `changing status.devices requires ${what} permission: ${refusals[0]}`)];
  });
}

/** Errors of a changed status that the writer may not change. */
export const statusAuthorizationErrors = (
  next: ClaimStatus,
  previous: ClaimStatus,
  context: StrategyContext,
): FieldError[] => [...bindingErrors(next, previous, context), ...driverErrors(next, previous, context)];
