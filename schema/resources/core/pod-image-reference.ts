/**
 * Just enough of an image reference's grammar to tell its tag, on which the default pull policy rests.
 * Source: distribution reference grammar; kubernetes pkg/util/parsers.
 */
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[(?:[a-fA-F0-9:]+)\\])`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const TAG = '[\\w][\\w.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(
  `^(?:${HOST}(?::[0-9]+)?/)?(${PATH_COMPONENT}(?:/${PATH_COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`,
);
const BARE_DIGEST = /^[a-f0-9]{64}$/;

/** The tag an image is pulled by: `latest` when neither tag nor digest is given, empty when it does not parse. */
export function imageTag(image: string): string {
  if (BARE_DIGEST.test(image)) return '';
  const match = REFERENCE.exec(image);
  if (!match) return '';
  const [, , tag, digest] = match;
  return tag ?? (digest ? '' : 'latest');
}

/** `Always` for the tag `latest`, else `IfNotPresent`. */
export const defaultPullPolicy = (image: string): 'Always' | 'IfNotPresent' =>
  imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
