import { describe, expect, it } from 'vitest';
import type { ValuePools } from '../../meta/resource.ts';
import { addressPool, NODE_PORT_RANGE, portPool, SERVICE_CIDR } from './service-pools.ts';
import { type Service, service } from './service.ts';

const CONTEXT = { now: Date.parse('2026-01-01T01:00:00Z'), user: { username: 'someone', groups: [] } };

function pools(usedIps: string[] = [], usedPorts: string[] = []): ValuePools {
  return {
    clusterIPs: addressPool(SERVICE_CIDR, new Set(usedIps), () => 0),
    nodePorts: portPool(NODE_PORT_RANGE, new Set(usedPorts), () => 0),
  };
}

function decoded(spec: Record<string, unknown> | undefined, metadata = {}): Service {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    ...(spec ? { spec: structuredClone(spec) } : {}),
  } as unknown as Service;
  service.defaults?.(object);
  return object;
}

interface Outcome {
  readonly service: Service;
  readonly refused: string | undefined;
  readonly errors: string[];
}

function create(spec: Record<string, unknown>, from = pools()): Outcome {
  const object = decoded(spec);
  const refused = service.poolAllocation?.allocate(object, undefined, from)?.message;
  service.prepareForCreate?.(object, CONTEXT);
  const errors = service.validate(object, CONTEXT).map(({ field, body }) => `${field}: ${body}`);
  return { service: object, refused, errors };
}

function update(previous: Service, change: (next: Service) => void, from = pools()): Outcome {
  const next = structuredClone(previous);
  change(next);
  service.defaults?.(next);
  const refused = service.poolAllocation?.allocate(next, previous, from)?.message;
  service.update.prepareForUpdate?.(next, previous, CONTEXT);
  const errors = service.update.validateUpdate(next, previous, CONTEXT).map(({ field, body }) => `${field}: ${body}`);
  return { service: next, refused, errors };
}

const HTTP = { ports: [{ port: 80 }] };

describe('creating a service', () => {
  it('fills in what goes without saying', () => {
    const { service: made, refused, errors } = create({ ...HTTP, selector: { app: 'web' } });
    expect([refused, errors]).toEqual([undefined, []]);
    expect(made.spec).toEqual({
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      selector: { app: 'web' },
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      clusterIP: '10.96.1.1',
      clusterIPs: ['10.96.1.1'],
    });
    expect(made.status).toEqual({ loadBalancer: {} });
  });

  it('takes addresses of the upper range first, and none twice', () => {
    expect(create(HTTP, pools(['10.96.1.1'])).service.spec.clusterIP).toBe('10.96.1.2');
  });

  it.each([
    ['10.96.0.1', ['10.96.0.1'], 'provided IP is already allocated'],
    ['192.168.0.1', [], 'the provided network does not match the current range'],
    ['10.96.0.0', [], 'the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/12'],
  ])('refuses the address %s', (clusterIP, used, why) => {
    expect(create({ ...HTTP, clusterIP }, pools(used)).refused).toBe(
      `Service "web" is invalid: spec.clusterIPs: Invalid value: ["${clusterIP}"]: failed to allocate IP ${clusterIP}: ${why}`,
    );
  });

  it('gives ports of one number the same node port', () => {
    const { service: made, errors } = create({
      type: 'NodePort',
      ports: [
        { name: 'tcp', port: 53, protocol: 'TCP' },
        { name: 'udp', port: 53, protocol: 'UDP' },
        { name: 'web', port: 80 },
      ],
    });
    expect(errors).toEqual([]);
    expect(made.spec.ports?.map(({ nodePort }) => nodePort)).toEqual([30086, 30086, 30087]);
    expect(made.spec.externalTrafficPolicy).toBe('Cluster');
  });

  it('refuses node ports that are taken or out of range', () => {
    const at = (nodePort: number): Record<string, unknown> => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] });
    expect(create(at(30080), pools([], ['30080'])).refused).toContain(
      'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );
    expect(create(at(80)).refused).toContain(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });

  it('keeps the port of a local load balancer’s health checks', () => {
    const { service: made, errors } = create({ ...HTTP, type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(errors).toEqual([]);
    expect(made.spec.healthCheckNodePort).toBe(30087);
    expect(made.spec.allocateLoadBalancerNodePorts).toBe(true);
  });

  it('gives a headless service no address', () => {
    const { service: made, refused, errors } = create({ ...HTTP, clusterIP: 'None', selector: { app: 'db' } });
    expect([refused, errors]).toEqual([undefined, []]);
    expect(made.spec.clusterIPs).toEqual(['None']);
    expect(made.spec.ipFamilies).toEqual(['IPv4']);
    expect(create({ ...HTTP, clusterIP: 'None' }).service.spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
  });

  it('serves one address family', () => {
    expect(create({ ...HTTP, ipFamilyPolicy: 'RequireDualStack' }).refused).toContain(
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    );
    expect(create({ ...HTTP, ipFamilies: ['IPv6'] }).refused).toContain(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
    expect(create({ ...HTTP, ipFamilyPolicy: 'PreferDualStack' }).service.spec.ipFamilies).toEqual(['IPv4']);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['no ports', {}, ['spec.ports: Required value']],
    [
      'port out of range',
      { ports: [{ port: 0 }] },
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    ['unnamed among several', { ports: [{ port: 1 }, { name: 'b', port: 2 }] }, ['spec.ports[0].name: Required value']],
    [
      'unknown protocol',
      { ports: [{ port: 1, protocol: 'HTTP' }] },
      ['spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      'same port twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      },
      [
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      'same name twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      'unknown affinity',
      { ...HTTP, sessionAffinity: 'Cookie' },
      ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
    ],
    [
      'affinity too long',
      { ...HTTP, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
      ],
    ],
    [
      'unknown type',
      { ...HTTP, type: 'Internet' },
      [
        'spec.type: Unsupported value: "Internet": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'node port of a cluster IP',
      { ports: [{ port: 1, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    ['external name missing', { type: 'ExternalName' }, ['spec.externalName: Required value']],
    [
      'source ranges elsewhere',
      { ...HTTP, loadBalancerSourceRanges: ['10.0.0.0/33'] },
      [
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'traffic policy of an inner service',
      { ...HTTP, externalTrafficPolicy: 'Local' },
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
    [
      'bad external address',
      { ...HTTP, externalIPs: ['127.0.0.1'] },
      ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ],
    [
      'headless node port',
      { ...HTTP, type: 'NodePort', clusterIP: 'None' },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [
      'unknown distribution',
      { ...HTTP, trafficDistribution: 'Near' },
      [
        'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
      ],
    ],
  ])('names the fault: %s', (_, spec, expected) => {
    expect(create(spec).errors).toEqual(expected);
  });
});

describe('updating a service', () => {
  const stored = create({ ...HTTP, selector: { app: 'web' } }).service;

  it('keeps what it was given when the client sends the first form again', () => {
    const {
      service: next,
      refused,
      errors,
    } = update(stored, (next) => {
      next.spec = { ports: [{ port: 80 }], selector: { app: 'web' } };
    });
    expect([refused, errors]).toEqual([undefined, []]);
    expect(next.spec).toEqual(stored.spec);
  });

  it('does not let the address change', () => {
    const { errors } = update(stored, (next) => {
      next.spec.clusterIP = '10.96.7.7';
    });
    expect(errors).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.96.7.7"]: may not change once set']);
  });

  it('takes a node port when the type asks for one, and gives it back', () => {
    const exposed = update(stored, (next) => {
      next.spec.type = 'NodePort';
    });
    expect(exposed.errors).toEqual([]);
    expect(service.poolAllocation?.held(exposed.service)).toEqual({ clusterIPs: ['10.96.1.1'], nodePorts: ['30086'] });
    const hidden = update(exposed.service, (next) => {
      next.spec.type = 'ClusterIP';
    });
    expect(hidden.errors).toEqual([]);
    expect(hidden.service.spec.ports?.[0]?.nodePort).toBeUndefined();
    expect(hidden.service.spec.externalTrafficPolicy).toBeUndefined();
  });

  it('gives its address back when it becomes a name', () => {
    const { service: next, errors } = update(stored, (next) => {
      next.spec.type = 'ExternalName';
      next.spec.externalName = 'example.com';
    });
    expect(errors).toEqual([]);
    expect(next.spec.clusterIP).toBeUndefined();
    expect(service.poolAllocation?.held(next)).toEqual({ clusterIPs: [], nodePorts: [] });
    expect(
      update(next, (again) => {
        again.spec.type = 'ClusterIP';
      }).service.spec.clusterIP,
    ).toBe('10.96.1.1');
  });
});

describe('the status of a service', () => {
  it('holds addresses of load balancers only', () => {
    const stored = create({ ...HTTP, type: 'LoadBalancer' }).service;
    const next = structuredClone(stored);
    next.status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { hostname: '1.2.3.4' }] } };
    const errors = service.status?.validateUpdate(next, stored, CONTEXT).map(({ field, body }) => `${field}: ${body}`);
    expect(errors).toEqual([
      'status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ]);
  });
});

describe('the table of services', () => {
  it.each<[Record<string, unknown>, unknown[]]>([
    [
      { ...HTTP, selector: { b: '2', a: '1' } },
      ['web', 'ClusterIP', '10.96.1.1', '<none>', '80/TCP', '60m', 'a=1,b=2'],
    ],
    [
      { ...HTTP, type: 'LoadBalancer' },
      ['web', 'LoadBalancer', '10.96.1.1', '<pending>', '80:30086/TCP', '60m', '<none>'],
    ],
    [
      { type: 'ExternalName', externalName: 'example.com' },
      ['web', 'ExternalName', '<none>', 'example.com', '<none>', '60m', '<none>'],
    ],
  ])('shows %j', (spec, cells) => {
    expect(service.table.cells(create(spec).service, CONTEXT.now)).toEqual(cells);
  });
});
