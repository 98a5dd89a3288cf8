/** YAML 1.1 with sorted keys, as sigs.k8s.io/yaml writes it. */
import { stringify } from 'yaml';
import type { MediaType } from './media-type.ts';

export const yamlMediaType: MediaType = {
  name: 'application/yaml',
  type: 'application',
  subtype: 'yaml',
  streams: false,
  format: 'yaml',
  writeBody: (json) =>
    stringify(JSON.parse(json), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true }),
};
