import { forbidden, type Status } from '../../schema/meta/status.ts';
import type { AdmissionAttributes } from './admission-plugin.ts';

/** The name a refusal shows: the object's, or the beginning of the one that would be made. */
function shownName({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name;
  return object?.metadata.name || object?.metadata.generateName || 'Unknown';
}

/** 403 by a plugin: `pods "web" is forbidden: <why>`. Source: apiserver admission.NewForbidden. */
export const refusal = (attributes: AdmissionAttributes, why: string): Status =>
  forbidden(attributes.resource, shownName(attributes), why);
