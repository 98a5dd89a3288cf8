/** VolumeAttachment. Source: pkg/registry/storage/volumeattachment, pkg/apis/storage/validation. */
import type { IVolumeAttachment } from 'kubernetes-models/storage.k8s.io/v1/VolumeAttachment';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../meta/field-error.ts';
import { byteLength } from '../../meta/go-format.ts';
import { inclusiveRangeError, isDNS1123Subdomain, nameIsDNSSubdomain } from '../../meta/name-rules.ts';
import type { Typed } from '../../meta/object-meta.ts';
import { defineResource } from '../../meta/resource.ts';
import { csiDriverNameErrors, inlineVolumeErrors } from '../core/persistent-volume-validation.ts';
import { dns1123SubdomainErrors, immutableStructErrors } from '../field-checks.ts';
import { age, ageColumn, column, nameColumn } from '../printing.ts';

export type VolumeAttachment = Typed<IVolumeAttachment>;
type Spec = NonNullable<VolumeAttachment['spec']>;
type Status = NonNullable<VolumeAttachment['status']>;

const METADATA_BYTES_MAX = 256 * 1024;
const MESSAGE_BYTES_MAX = 1024;
const INT32_MAX = 2 ** 31 - 1;

const specOf = ({ spec }: VolumeAttachment): Spec => spec ?? ({} as Spec);

function sourceErrors({ source }: Spec): FieldError[] {
  const { inlineVolumeSpec, persistentVolumeName } = source ?? {};
  const field = 'spec.source';
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec && persistentVolumeName !== undefined) return [forbiddenField(field, text)];
  if (inlineVolumeSpec) return inlineVolumeErrors(inlineVolumeSpec, `${field}.inlineVolumeSpec`);
  if (persistentVolumeName === undefined) return [required(field, text)];
  return persistentVolumeName
    ? []
    : [required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
}

function errorErrors(error: Status['attachError'], field: string): FieldError[] {
  const { message = '', errorCode = 0 } = error ?? {};
  return [
    ...(byteLength(message) > MESSAGE_BYTES_MAX ? [tooLong(`${field}.message`, MESSAGE_BYTES_MAX)] : []),
    ...(errorCode < 0 ? [invalid(`${field}.errorCode`, errorCode, inclusiveRangeError(0, INT32_MAX))] : []),
  ];
}

function statusErrors({ status }: VolumeAttachment): FieldError[] {
  const metadata = Object.entries(status?.attachmentMetadata ?? {});
  const bytes = metadata.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return [
    ...(bytes > METADATA_BYTES_MAX ? [tooLong('status.attachmentMetadata', METADATA_BYTES_MAX)] : []),
    ...errorErrors(status?.attachError, 'status.attachError'),
    ...errorErrors(status?.detachError, 'status.detachError'),
  ];
}

/** Of a new attachment's driver, upstream words the rule differently. */
function reword(error: FieldError): FieldError {
  if (error.field !== 'spec.attacher') return error;
  const body = error.body
    .replace('a lowercase RFC 1123 subdomain', 'an RFC 1123 subdomain')
    .replace('lower case alphanumeric', 'alphanumeric')
    .replace("'example.com'", "'Example.com'");
  return { ...error, body };
}

function validate(attachment: VolumeAttachment): FieldError[] {
  const spec = specOf(attachment);
  const volumeName = spec.source?.persistentVolumeName;
  return [
    ...csiDriverNameErrors(spec.attacher ?? '', 'spec.attacher'),
    ...sourceErrors(spec),
    ...dns1123SubdomainErrors(spec.nodeName ?? '', 'spec.nodeName'),
    ...statusErrors(attachment),
    ...(volumeName === undefined
      ? []
      : isDNS1123Subdomain(volumeName).map((text) => invalid('spec.source.persistentVolumeName', volumeName, text))),
  ];
}

const validateUpdate = (next: VolumeAttachment, previous: VolumeAttachment): FieldError[] => [
  ...validate(next),
  ...immutableStructErrors(next.spec, previous.spec, 'spec', null),
];

export const volumeAttachment = defineResource<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  singular: 'volumeattachment',
  scope: 'Cluster',
  schema: 'V1VolumeAttachment',
  validateName: nameIsDNSSubdomain,
  defaults(attachment) {
    attachment.status ??= { attached: false };
  },
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  validate: (attachment) => validate(attachment).map(reword),
  update: {
    prepareForUpdate(next, previous) {
      next.status = previous.status;
    },
    validateUpdate,
  },
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      const { labels, annotations, finalizers, ownerReferences } = previous.metadata;
      next.metadata = { ...next.metadata, labels, annotations, finalizers, ownerReferences };
    },
    validateUpdate,
  },
  allowUnconditionalUpdate: false,
  returnsDeletedObject: true,
  table: {
    columns: [
      nameColumn,
      column(
        'Attacher',
        'string',
        'attacher indicates the name of the volume driver that MUST handle this request. This is the name returned by GetPluginName().',
      ),
      column('PV', 'string', 'persistentVolumeName represents the name of the persistent volume to attach.'),
      column('Node', 'string', 'nodeName represents the node that the volume should be attached to.'),
      column(
        'Attached',
        'boolean',
        'attached indicates the volume is successfully attached. This field must only be set by the entity completing the attach operation, i.e. the external-attacher.',
      ),
      ageColumn,
    ],
    cells: (attachment, now) => [
      attachment.metadata.name ?? '',
      specOf(attachment).attacher ?? '',
      specOf(attachment).source?.persistentVolumeName ?? '',
      specOf(attachment).nodeName ?? '',
      attachment.status?.attached ?? false,
      age(attachment, now),
    ],
  },
});
