/** YAML 1.1, as sigs.k8s.io/yaml reads it. */
import { parseDocument, stringify } from 'yaml';
import type { MediaType } from './media-type.ts';

/** An alias may be followed so often; what grows beyond is a bomb. Source: sigs.k8s.io/yaml refuses excessive aliasing. */
const ALIASES_MAX = 100;

export const yamlMediaType: MediaType = {
  name: 'application/yaml',
  type: 'application',
  subtype: 'yaml',
  readBody(body) {
    const document = parseDocument(body, { version: '1.1', logLevel: 'silent', prettyErrors: false });
    const error = document.errors[0];
    if (error) return { ok: false, error: `error converting YAML to JSON: yaml: ${error.message}` };
    try {
      return { ok: true, json: JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX })) ?? 'null' };
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return { ok: false, error: `error converting YAML to JSON: yaml: ${why}` };
    }
  },
  writeBody: (json) => stringify(JSON.parse(json), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true }),
};
