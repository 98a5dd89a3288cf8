import type { MediaType } from './media-type.ts';

export const jsonMediaType: MediaType = {
  name: 'application/json',
  type: 'application',
  subtype: 'json',
  streams: true,
  format: 'json',
  writeBody: (json, isPretty) => (isPretty ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : `${json}\n`),
};
