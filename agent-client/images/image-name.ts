/** Image names as the kubelet checks and completes them. Source: distribution/reference, pkg/util/parsers. */

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const PATH_PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[\w][\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const NAME_LENGTH_MAX = 255;
const IDENTIFIER = /^[a-f0-9]{64}$/;

export type ParsedImage =
  | {
      readonly ok: true;
      readonly registry: string;
      readonly path: string;
      readonly tag: string;
      readonly digest: string;
    }
  | { readonly ok: false; readonly message: string };

/** Splits a name; the default registry is docker.io, where one-part names are under `library/`. */
export function parseImage(name: string): ParsedImage {
  const bad = (message: string): ParsedImage => ({ ok: false, message });
  if (!name) return bad('invalid reference format');
  if (IDENTIFIER.test(name))
    return bad(`invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`);
  const [beforeDigest = '', ...digests] = name.split('@');
  const digest = digests.join('@');
  if (digests.length && !DIGEST.test(digest)) return bad('invalid reference format');
  const slash = beforeDigest.indexOf('/');
  const head = slash < 0 ? '' : beforeDigest.slice(0, slash);
  const hasDomain = slash >= 0 && (/[.:]/.test(head) || head === 'localhost' || head.toLowerCase() !== head);
  const registry = hasDomain ? head : 'docker.io';
  const rest = hasDomain ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = rest.lastIndexOf(':');
  const tag = colon >= 0 ? rest.slice(colon + 1) : '';
  const remote = colon >= 0 ? rest.slice(0, colon) : rest;
  if (remote.toLowerCase() !== remote) return bad('invalid reference format: repository name must be lowercase');
  const path = hasDomain || remote.includes('/') ? remote : `library/${remote}`;
  const fine =
    DOMAIN.test(registry) && path.split('/').every((part) => PATH_PART.test(part)) && (colon < 0 || TAG.test(tag));
  if (!fine || !remote) return bad('invalid reference format');
  if (registry.length + path.length > NAME_LENGTH_MAX)
    return bad(`repository name must not be more than ${NAME_LENGTH_MAX} characters`);
  return { ok: true, registry, path, tag, digest };
}

/** The name with `:latest` where it has neither tag nor digest; else why it is no image name. */
export function withDefaultTag(
  name: string,
): { readonly ok: true; readonly image: string } | { readonly ok: false; readonly message: string } {
  const parsed = parseImage(name);
  if (!parsed.ok) return { ok: false, message: `couldn't parse image name "${name}": ${parsed.message}` };
  return { ok: true, image: parsed.tag || parsed.digest ? name : `${name}:latest` };
}
