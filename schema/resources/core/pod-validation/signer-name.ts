/** Names of certificate signers and their trust bundles. Source: kubernetes pkg/apis/core/validation/names.go (1.37). */
import { type FieldError, invalid, required, tooLong } from '../../../meta/field-error.ts';
import { goQuote } from '../../../meta/go-format.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../../meta/name-rules.ts';

const DOMAIN_BYTES_MAX = 253;
const SIGNER_NAME_BYTES_MAX = 571;

/** `example.com/signer-name`. */
export function validateSignerName(name: string, path: string, errors: FieldError[]): void {
  if (!name) return void errors.push(required(path));
  const segments = name.split('/');
  if (segments.length !== 2) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return void errors.push(invalid(path, name, detail));
  }
  const [domain = '', rest = ''] = segments;
  if (domain.length > DOMAIN_BYTES_MAX) errors.push(tooLong(path, DOMAIN_BYTES_MAX));
  validateParts(domain, isDNS1123Label, path, errors);
  if (!domain.includes('.')) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  validateParts(rest, isDNS1123Subdomain, path, errors);
  if (name.length > SIGNER_NAME_BYTES_MAX) errors.push(tooLong(path, SIGNER_NAME_BYTES_MAX));
}

/** Reports the first bad part only. */
function validateParts(text: string, rule: (part: string) => string[], path: string, errors: FieldError[]): void {
  for (const part of text.split('.')) {
    const messages = rule(part);
    for (const message of messages) errors.push(invalid(path, text, `validating label ${goQuote(part)}: ${message}`));
    if (messages.length) return;
  }
}

/** A bundle of a signer is named `domain:path:name`, one without signer like any object. */
export function validateBundleName(name: string): string[] {
  const colon = name.lastIndexOf(':');
  return isDNS1123Subdomain(colon < 0 ? name : name.slice(colon + 1));
}
