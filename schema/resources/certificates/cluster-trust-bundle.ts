/** ClusterTrustBundle. Source: pkg/registry/certificates/clustertrustbundle, pkg/apis/certificates/validation. */
import { type FieldError, invalid, tooLong } from '../../meta/field-error.ts';
import { byteLength, goList } from '../../meta/go-format.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { KubeObject } from '../../meta/object-meta.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import { defineResource } from '../../meta/resource.ts';
import { validateSignerName } from '../core/pod-validation/signer-name.ts';
import { column, nameColumn } from '../printing.ts';
import { parseCertificate } from './certificate.ts';
import { type PemBlock, pemBlocks } from './pem.ts';

export interface ClusterTrustBundle extends KubeObject {
  spec?: { signerName?: string; trustBundle?: string };
}

const TRUST_BUNDLE_BYTES_MAX = 1024 * 1024;
const OMITTED = '<value omitted>';
const FIELD = 'spec.trustBundle';

/** The bundles of a signer bear its name: `example.com:signer:name`. */
function nameMessages(name: string, isPrefix: boolean, signerName: string): readonly string[] {
  if (signerName === '') {
    if (name.includes(':')) return ['ClusterTrustBundle without signer name must not have ":" in its name'];
    return nameIsDNSSubdomain(name, isPrefix);
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix)) {
    return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
  }
  return nameIsDNSSubdomain(name.slice(prefix.length), isPrefix);
}

function nameErrors({ metadata, spec }: ClusterTrustBundle): FieldError[] {
  const { name = '', generateName = '' } = metadata;
  const signerName = spec?.signerName ?? '';
  const errors = (value: string, isPrefix: boolean, field: string) =>
    value === '' ? [] : nameMessages(value, isPrefix, signerName).map((text) => invalid(field, value, text));
  return [...errors(generateName, true, 'metadata.generateName'), ...errors(name, false, 'metadata.name')];
}

function blockProblem({ type, hasHeaders, bytes }: PemBlock): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (hasHeaders) return 'has PEM block headers';
  const certificate = parseCertificate(bytes);
  if (typeof certificate === 'string') return 'does not parse as X.509';
  return certificate.isCa ? undefined : 'does not have the CA bit set';
}

function repeatedErrors(blocks: readonly PemBlock[]): FieldError[] {
  const indices = new Map<string, number[]>();
  blocks.forEach(({ bytes }, i) => {
    const key = bytes.join();
    indices.set(key, [...(indices.get(key) ?? []), i]);
  });
  return [...indices.values()]
    .filter((found) => found.length > 1)
    .map((found) => invalid(FIELD, OMITTED, `duplicate trust anchor (indices ${goList(found.map(String))})`));
}

function anchorErrors(text: string): FieldError[] {
  if (byteLength(text) > TRUST_BUNDLE_BYTES_MAX) return [tooLong(FIELD, TRUST_BUNDLE_BYTES_MAX)];
  const blocks = pemBlocks(text);
  const malformed = blocks.flatMap((block, i) => {
    const problem = blockProblem(block);
    return problem === undefined ? [] : [invalid(FIELD, OMITTED, `entry ${i} ${problem}`)];
  });
  if (malformed.length > 0) return malformed;
  if (blocks.length === 0) return [invalid(FIELD, OMITTED, 'at least one trust anchor must be provided')];
  return repeatedErrors(blocks);
}

function signerErrors({ spec }: ClusterTrustBundle): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.signerName) validateSignerName(spec.signerName, 'spec.signerName', errors);
  return errors;
}

const trustOf = ({ spec }: ClusterTrustBundle): string => spec?.trustBundle ?? '';

export const clusterTrustBundle = defineResource<ClusterTrustBundle>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'ClusterTrustBundle',
  plural: 'clustertrustbundles',
  singular: 'clustertrustbundle',
  scope: 'Cluster',
  schema: 'V1ClusterTrustBundle',
  // Colons belong in the names of signers' bundles; which, only the whole object tells.
  validateName: isPathSegmentName,
  validate: (bundle) => [...nameErrors(bundle), ...signerErrors(bundle), ...anchorErrors(trustOf(bundle))],
  update: {
    validateUpdate: (next, previous) => [
      ...nameErrors(next),
      ...signerErrors(next),
      ...(trustOf(next) === trustOf(previous) ? [] : anchorErrors(trustOf(next))),
      ...validateImmutableField(next.spec?.signerName ?? '', previous.spec?.signerName ?? '', 'spec.signerName'),
    ],
  },
  allowUnconditionalUpdate: false,
  selectableFieldNames: ['spec.signerName'],
  selectableFields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  table: {
    columns: [
      nameColumn,
      column(
        'SignerName',
        'string',
        "signerName indicates the associated signer, if any.\n\nIn order to create or update a ClusterTrustBundle that sets signerName, you must have the following cluster-scoped permission: group=certificates.k8s.io resource=signers resourceName=<the signer name> verb=attest.\n\nIf signerName is not empty, then the ClusterTrustBundle object must be named with the signer name as a prefix (translating slashes to colons). For example, for the signer name `example.com/foo`, valid ClusterTrustBundle object names include `example.com:foo:abc` and `example.com:foo:v1`.\n\nIf signerName is empty, then the ClusterTrustBundle object's name must not have such a prefix.\n\nList/watch requests for ClusterTrustBundles can filter on this field using a `spec.signerName=NAME` field selector.",
      ),
    ],
    cells: ({ metadata, spec }) => [metadata.name ?? '', spec?.signerName || '<none>'],
  },
});
