/** X.509 certificates, as far as the API looks into them. Source: RFC 5280 section 4. */
import {
  bitString,
  contentOf,
  contextTag,
  type Element,
  childrenOf,
  objectIdentifier,
  readDer,
  sequenceOf,
  TAG,
  textOf,
  timeOf,
} from './der.ts';
import { type PublicKey, publicKeyOf } from './public-key.ts';

export interface Certificate {
  /** ms since the epoch. */
  readonly notBefore: number;
  /** ms since the epoch. */
  readonly notAfter: number;
  readonly publicKey: PublicKey;
  readonly isCa: boolean;
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
}

const BASIC_CONSTRAINTS = '2.5.29.19';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const EMAIL_NAME = 0x81;
const DNS_NAME = 0x82;

interface Names {
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
}

const only = (bytes: Uint8Array): Element | undefined => {
  const read = readDer(bytes);
  return read?.isTrailed ? undefined : read?.element;
};

function isCaOf(value: Uint8Array): boolean | undefined {
  const parts = sequenceOf(only(value));
  if (!parts) return undefined;
  const [first] = parts;
  return first?.tag === TAG.BOOLEAN && contentOf(first)[0] !== 0;
}

function namesOf(value: Uint8Array): Names | undefined {
  const names = sequenceOf(only(value));
  if (!names) return undefined;
  const texts = (tag: number) => names.flatMap((name) => (name.tag === tag ? [textOf(name) ?? ''] : []));
  return { dnsNames: texts(DNS_NAME), emailAddresses: texts(EMAIL_NAME) };
}

/** The values of the extensions by their identifiers; undefined: malformed. */
function extensionsOf(holder: Element | undefined): ReadonlyMap<string, Uint8Array> | undefined {
  const values = new Map<string, Uint8Array>();
  if (!holder) return values;
  const list = sequenceOf(childrenOf(holder)?.[0]);
  if (!list) return undefined;
  for (const extension of list) {
    const parts = sequenceOf(extension);
    const name = objectIdentifier(parts?.[0]);
    const value = parts?.at(-1);
    if (name === undefined || value?.tag !== TAG.OCTET_STRING || values.has(name)) return undefined;
    values.set(name, contentOf(value));
  }
  return values;
}

function isSerialNumber(element: Element | undefined): boolean {
  if (element?.tag !== TAG.INTEGER || element.start === element.end) return false;
  return (element.bytes[element.start] as number) < 0x80;
}

const isName = (element: Element | undefined): boolean => sequenceOf(element) !== undefined;

function certificateOf(element: Element): Certificate | undefined {
  const [tbs, algorithm, signature, ...more] = sequenceOf(element) ?? [];
  const all = sequenceOf(tbs);
  if (!all || !sequenceOf(algorithm) || !bitString(signature) || more.length > 0) return undefined;
  const fields = all[0]?.tag === contextTag(0) ? all.slice(1) : all;
  const [serial, inner, issuer, validity, subject, key, ...optional] = fields;
  if (!isSerialNumber(serial) || !sequenceOf(inner) || !isName(issuer) || !isName(subject)) return undefined;
  const [from, to] = sequenceOf(validity) ?? [];
  const [notBefore, notAfter, publicKey] = [timeOf(from), timeOf(to), publicKeyOf(key)];
  const extensions = extensionsOf(optional.find(({ tag }) => tag === contextTag(3)));
  if (notBefore === undefined || notAfter === undefined || !publicKey || !extensions) return undefined;
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  const alternatives = extensions.get(SUBJECT_ALTERNATIVE_NAME);
  const isCa = constraints ? isCaOf(constraints) : false;
  const names = alternatives ? namesOf(alternatives) : { dnsNames: [], emailAddresses: [] };
  return isCa === undefined || !names ? undefined : { notBefore, notAfter, publicKey, isCa, ...names };
}

/** A DER certificate; a text in Go's words when it is none. */
export function parseCertificate(bytes: Uint8Array): Certificate | string {
  const read = readDer(bytes);
  if (read?.isTrailed) return 'x509: trailing data';
  return (read && certificateOf(read.element)) ?? 'x509: malformed certificate';
}

/** One certificate after the other; a text in Go's words when one is malformed. */
export function parseCertificates(bytes: Uint8Array): readonly Certificate[] | string {
  const certificates: Certificate[] = [];
  for (let at = 0; at < bytes.length; ) {
    const read = readDer(bytes.subarray(at));
    const certificate = read && certificateOf(read.element);
    if (!certificate) return 'x509: malformed certificate';
    certificates.push(certificate);
    at += read.element.end;
  }
  return certificates;
}
