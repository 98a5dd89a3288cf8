/**
 * How plain YAML scalars are read: as upstream's YAML library does, which is YAML 1.1 but for
 * base-60 numbers and timestamps (strings here).
 */
import { Scalar, type ScalarTag } from 'yaml';

const nullTag: ScalarTag = {
  identify: (value) => value === null,
  createNode: () => new Scalar(null),
  default: true,
  tag: 'tag:yaml.org,2002:null',
  test: /^(?:~|null|Null|NULL)?$/,
  resolve: () => new Scalar(null),
};

const trueTag: ScalarTag = {
  identify: (value) => value === true,
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/,
  resolve: () => true,
};

const falseTag: ScalarTag = {
  identify: (value) => value === false,
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: () => false,
};

/** Go's base prefixes; a leading zero alone means octal, and underscores go anywhere but first. */
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;

function integerOf(text: string): number | undefined {
  const plain = text.replaceAll('_', '');
  if (!INTEGER.test(plain)) return undefined;
  const isNegative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '');
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const signed = isNegative ? -value : value;
  return signed < -(2n ** 63n) || signed >= 2n ** 64n ? undefined : Number(signed);
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Integers and floats; what looks like one but is out of range stays a string. */
const numberTag: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^(?:[-+][._0-9]|[.0-9])[-+._0-9a-fA-FxXoO]*$/,
  resolve: (text) => {
    // Underscores are let go but where the text begins with a point.
    const integer = text.startsWith('.') ? undefined : integerOf(text);
    if (integer !== undefined) return integer;
    const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
    return FLOAT.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : text;
  },
};

const intTag: ScalarTag = { ...numberTag, identify: () => false, tag: 'tag:yaml.org,2002:int' };

/** Not-a-number and infinities, which JSON cannot carry: the decoder refuses them. */
const nonFiniteTag: ScalarTag = {
  identify: () => false,
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/,
  resolve: (text) => (/nan/i.test(text) ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity),
};

export const YAML_SCALARS: readonly ScalarTag[] = [nullTag, trueTag, falseTag, nonFiniteTag, intTag, numberTag];
