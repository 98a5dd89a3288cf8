import { type Filter, unfit } from '../filter.ts';
import { type Spread, spreadsOf } from '../topology-spread.ts';

const UNEVEN = unfit("node(s) didn't match pod topology spread constraints", false);
const NO_DOMAIN = unfit("node(s) didn't match pod topology spread constraints (missing required label)", true);

/** Constraints that must hold (`DoNotSchedule`). Source: plugins/podtopologyspread/filtering.go. */
export const podTopologySpread: Filter = {
  name: 'PodTopologySpread',
  prepare(pod, snapshot) {
    const spreads = spreadsOf(pod, snapshot, 'DoNotSchedule').map((spread) => ({ ...spread, least: leastOf(spread) }));
    if (spreads.length === 0) return undefined;
    return ({ labels }) => {
      for (const { topologyKey, maxSkew, self, counts, least } of spreads) {
        const value = labels[topologyKey];
        if (value === undefined) return NO_DOMAIN;
        if ((counts.get(value) ?? 0) + self - least > maxSkew) return UNEVEN;
      }
      return undefined;
    };
  },
};

/** The emptiest domain's count; with fewer domains than asked for, an imagined one is empty. */
const leastOf = ({ counts, minDomains }: Spread): number =>
  counts.size < minDomains || counts.size === 0 ? 0 : Math.min(...counts.values());
