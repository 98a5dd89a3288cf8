/** What the templates of apps kinds share. Source: kubernetes pkg/apis/apps/validation (1.37). */
import { pushAll } from '../../meta/push-all.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../meta/field-error.ts';
import {
  labelSelectorOf,
  labelsMatch,
  type LabelSelectorObject,
  validateLabelSelector,
} from '../../meta/label-selector.ts';
import { validateImmutableField } from '../../meta/object-meta-validation.ts';
import type { PodTemplateSpec } from '../core/pod-types.ts';
import { goMap, goSelector } from '../core/pod-validation/go-struct.ts';
import type { PodValidationOptions } from '../core/pod-validation/options.ts';
import { validatePodTemplate } from '../core/pod-validation/pod-spec.ts';

/** A selector that selects something. `kindInText` is how upstream's text calls the kind. */
export function validateWorkloadSelector(
  selector: LabelSelectorObject | undefined,
  kindInText: string,
  errors: FieldError[],
): void {
  if (!selector) return void errors.push(required('spec.selector'));
  pushAll(errors, validateLabelSelector(selector, 'spec.selector'));
  if (isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', {}, `empty selector is invalid for ${kindInText}`));
  }
}

const isEmptySelector = ({ matchLabels, matchExpressions }: LabelSelectorObject): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;

/** A workload keeps the pods it has. */
export const validateSelectorKept = (
  next: LabelSelectorObject | undefined,
  previous: LabelSelectorObject | undefined,
): FieldError[] => validateImmutableField(next && goSelector(next), previous && goSelector(previous), 'spec.selector');

/** The selector must select the template's pods; a missing one selects nothing, an empty one is refused elsewhere. */
export function validateSelectorMatches(
  selector: LabelSelectorObject | undefined,
  template: PodTemplateSpec,
  path: string,
  errors: FieldError[],
): void {
  const parsed = labelSelectorOf(selector);
  if (!parsed.ok || (selector && isEmptySelector(selector))) return;
  const labels = template.metadata?.labels;
  if (labelsMatch(parsed.value, labels)) return;
  errors.push(invalid(`${path}.metadata.labels`, goMap(labels), '`selector` does not match template `labels`'));
}

/** Pods of workloads run for ever. `kindInText` as above. */
export function validateEndlessPods(
  template: PodTemplateSpec,
  kindInText: string,
  path: string,
  errors: FieldError[],
): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kindInText} is not Supported`;
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, detail));
  }
}

/** The template of a ReplicaSet, and of the Deployment that makes ReplicaSets. */
export function validateReplicaSetTemplate(
  selector: LabelSelectorObject | undefined,
  template: PodTemplateSpec,
  options: PodValidationOptions,
  errors: FieldError[],
): void {
  const path = 'spec.template';
  if (!labelSelectorOf(selector).ok) {
    errors.push(invalid('spec.selector', selector && goSelector(selector), 'invalid label selector'));
    return;
  }
  validateSelectorMatches(selector, template, path, errors);
  validatePodTemplate(template, path, options, errors);
  validateEndlessPods(template, 'ReplicaSet', path, errors);
}
