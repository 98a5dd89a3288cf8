/** The configuration of a server-side apply: YAML, of which JSON is a part. */
import { parseJson } from '../../../schema/decode/decode-json.ts';
import { parseYaml } from '../../../schema/decode/decode-yaml.ts';
import { badRequest, fail, ok, type Result } from '../../../schema/meta/status.ts';
import { hasRepeatedMembers } from '../../../schema/decode/strict-fields.ts';

export interface ApplyBody {
  readonly json: string;
  /** What strict decoding finds wrong; undefined: nothing. */
  readonly strictError: string | undefined;
}

/** Source: apiserver endpoints/handlers/patch.go validateAndTranscodePatch, sigs.k8s.io/yaml UnmarshalStrict. */
export function decodeApplyBody(text: string): Result<ApplyBody> {
  if (text.trimStart().startsWith('{')) {
    const parsed = parseJson(text);
    // Whatever is wrong, YAML's errors are what upstream tells.
    if (parsed.ok && !hasRepeatedMembers(parsed.value, parsed.shape.members))
      return ok({ json: text, strictError: undefined });
  }
  const parsed = parseYaml(text);
  if (!parsed.ok) return fail(badRequest(`error encoding patch: error converting YAML to JSON: ${parsed.error}`));
  const lines = parsed.duplicates.map((line) => `  ${line}`);
  return ok({
    json: JSON.stringify(parsed.value ?? {}),
    strictError:
      lines.length > 0 ? `error converting YAML to JSON: yaml: unmarshal errors:\n${lines.join('\n')}` : undefined,
  });
}
