import { describe, expect, it } from 'vitest';
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import { MemoryTransaction } from '../registry/memory-transaction.ts';
import { aggregatedRules, clusterRoleAggregationController } from './cluster-role-aggregation.ts';

const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io';

const role = (name: string, fields: object, labels: Record<string, string> = {}): UntypedObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels },
  ...fields,
});

const collecting = (name: string, label: string, fields: object = {}, labels: Record<string, string> = {}) =>
  role(name, { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] }, ...fields }, labels);

const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });

describe('an aggregating ClusterRole', () => {
  it('has the rules of the roles it selects, each once, and not its own', () => {
    const own = collecting('edit', 'to-edit', { rules: [rule('own')] }, { 'to-edit': 'true' });
    const roles = [
      role('a', { rules: [rule('pods'), rule('secrets')] }, { 'to-edit': 'true' }),
      role('b', { rules: [rule('pods')] }, { 'to-edit': 'true' }),
      role('c', { rules: [rule('nodes')] }),
      own,
    ];
    expect(aggregatedRules(own, roles)).toEqual([rule('pods'), rule('secrets')]);
  });

  it('is written when what it selects has changed, and only then', () => {
    const tx = new MemoryTransaction('');
    tx.put(CLUSTER_ROLES, role('part', { rules: [rule('pods')] }, { 'to-edit': 'true' }));
    tx.put(CLUSTER_ROLES, collecting('edit', 'to-edit'));
    const context = { now: 0, randomSuffix: () => 'x' };
    const { writes } = clusterRoleAggregationController.reconcile(tx, 'edit', context);
    expect(writes).toMatchObject([{ op: 'update', object: { metadata: { name: 'edit' }, rules: [rule('pods')] } }]);
    const [write] = writes;
    if (write?.op !== 'update') throw new Error('expected an update');
    tx.put(CLUSTER_ROLES, write.object);
    expect(clusterRoleAggregationController.reconcile(tx, 'edit', context).writes).toEqual([]);
    expect(clusterRoleAggregationController.reconcile(tx, 'part', context).writes).toEqual([]);
  });

  it('is looked at when any role changes', () => {
    const tx = new MemoryTransaction('');
    const part = tx.put(CLUSTER_ROLES, role('part', {}));
    tx.put(CLUSTER_ROLES, collecting('edit', 'to-edit'));
    const [watch] = clusterRoleAggregationController.watches ?? [];
    expect(watch?.keys(part, undefined, tx, 'ADDED', CLUSTER_ROLES)).toEqual(['edit']);
  });
});
