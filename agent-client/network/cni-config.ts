/** The node's pod network as CNI configuration: ptp, so that nothing depends on bridge settings. Pure. */

export interface PodNetwork {
  /** E.g. `10.244.7.0/24`. */
  readonly cidr: string;
  /** Where host-local keeps its leases. */
  readonly stateDir: string;
}

export const CNI_CONFIG_FILE = '10-zeroplane.conflist';

export function cniConfig(network: PodNetwork): string {
  return JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: 'zeroplane',
      plugins: [
        {
          type: 'ptp',
          ipMasq: true,
          ipam: {
            type: 'host-local',
            dataDir: network.stateDir,
            ranges: [[{ subnet: network.cidr }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
        { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      ],
    },
    null,
    2,
  );
}
