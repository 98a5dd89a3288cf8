/** Rules for paths inside volumes. Source: kubernetes pkg/apis/core/validation (1.37). */
import { type FieldError, invalid } from '../../../meta/field-error.ts';

/** No `..` among the path's parts. */
export function validatePathNoBacksteps(target: string, path: string, errors: FieldError[]): void {
  if (target.includes('..') && target.split('/').includes('..')) {
    errors.push(invalid(path, target, "must not contain '..'"));
  }
}

/** Relative, and never upwards. */
export function validateLocalDescendingPath(target: string, path: string, errors: FieldError[]): void {
  if (target.startsWith('/')) errors.push(invalid(path, target, 'must be a relative path'));
  validatePathNoBacksteps(target, path, errors);
}

/** The same, and not a name that the volume's own bookkeeping uses (`..data`). */
export function validateLocalNonReservedPath(target: string, path: string, errors: FieldError[]): void {
  validateLocalDescendingPath(target, path, errors);
  if (target.startsWith('..') && !target.startsWith('../')) {
    errors.push(invalid(path, target, "must not start with '..'"));
  }
}
