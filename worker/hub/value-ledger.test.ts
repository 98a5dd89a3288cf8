import { describe, expect, it } from 'vitest';
import type { Change } from '../../schema/protocol/change.ts';
import { combineDemands, LeasedPools, LeaseExhausted, type ValueDemand } from '../../schema/protocol/value-lease.ts';
import { addressPool, NODE_PORT_RANGE, portPool } from '../../schema/resources/core/service-pools.ts';
import { catalog } from '../../schema/resources/catalog.ts';
import { ValueLedger } from './value-ledger.ts';

const ledgerOf = (cidr = '10.0.0.0/29'): ValueLedger =>
  new ValueLedger(catalog, {
    clusterIPs: (used) => addressPool(cidr, used, () => 0),
    nodePorts: (used) => portPool(NODE_PORT_RANGE, used, () => 0),
  });

const demand = (count: number, ...named: string[]): ValueDemand => ({
  clusterIPs: { count, named },
  nodePorts: { count: 0, named: [] },
});

function change(revision: number, type: Change['type'], name: string, clusterIP: string): Change {
  const spec = { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP] };
  const text = JSON.stringify({ kind: 'Service', apiVersion: 'v1', metadata: { name, namespace: 'shop' }, spec });
  return { revision, type, resource: 'services', namespace: 'shop', name, text, meta: { labels: {}, fields: {} } };
}

describe('the ledger of cluster-wide values', () => {
  it('leases no value twice while its span is open', () => {
    const ledger = ledgerOf();
    const first = ledger.lease(10, demand(2));
    const second = ledger.lease(20, demand(2));
    expect(new Set([...first.clusterIPs.free, ...second.clusterIPs.free]).size).toBe(4);
  });

  it('frees what a closed span did not use, and keeps what it did', () => {
    const ledger = ledgerOf();
    const lease = ledger.lease(10, demand(2));
    const [used = '', unused = ''] = lease.clusterIPs.free;
    ledger.apply([change(4, 'ADDED', 'web', used)], 10);
    const next = ledger.lease(20, demand(0, used, unused));
    expect(next.clusterIPs.refused).toEqual({ [used]: 'provided IP is already allocated' });
    expect(next.clusterIPs.named).toEqual([unused]);
  });

  it('frees the values of deleted objects', () => {
    const ledger = ledgerOf();
    ledger.restore([change(4, 'ADDED', 'web', '10.0.0.3')]);
    ledger.apply([change(12, 'DELETED', 'web', '10.0.0.3')], 12);
    expect(ledger.lease(20, demand(0, '10.0.0.3')).clusterIPs.named).toEqual(['10.0.0.3']);
  });

  it('says when a pool is empty, and why a value cannot be had', () => {
    const lease = ledgerOf().lease(10, demand(9, '10.0.1.1', '10.0.0.0')).clusterIPs;
    expect(lease.isFull).toBe(true);
    expect(lease.free).toHaveLength(6);
    expect(lease.refused).toEqual({
      '10.0.1.1': 'the provided network does not match the current range',
      '10.0.0.0': 'the provided IP (10.0.0.0) is not in the valid range. The range of valid IPs is 10.0.0.0/29',
    });
  });
});

describe('the pools of one batch', () => {
  it('give out leased values once, and take back what a refused request took', () => {
    const pools = new LeasedPools(ledgerOf().lease(10, demand(1, '10.0.0.5')));
    const mark = pools.mark();
    expect(pools.clusterIPs.claim('10.0.0.5')).toBeUndefined();
    expect(pools.clusterIPs.next()).toBe('10.0.0.1');
    expect(() => pools.clusterIPs.next()).toThrow(LeaseExhausted);
    pools.restore(mark);
    expect(pools.clusterIPs.next()).toBe('10.0.0.1');
  });

  it('ask for what the lease does not say', () => {
    const pools = new LeasedPools(undefined);
    const missing = (): ValueDemand | undefined => {
      try {
        pools.nodePorts.claim('30080');
        return undefined;
      } catch (error) {
        return (error as LeaseExhausted).missing;
      }
    };
    expect(missing()?.nodePorts).toEqual({ count: 0, named: ['30080'] });
  });

  it('combine the demands of requests', () => {
    expect(combineDemands([])).toBeUndefined();
    expect(combineDemands([demand(1, 'a'), demand(2, 'a', 'b')])?.clusterIPs).toEqual({ count: 3, named: ['a', 'b'] });
  });
});
