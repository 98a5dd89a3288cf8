/** Subresources written by creating an object of their own kind. The only list of them. */
import type { CreateSubresource } from '../environment.ts';
import { podBinding } from './pod-binding.ts';
import { podEviction } from './pod-eviction.ts';

export const createSubresources: readonly CreateSubresource[] = [podBinding, podEviction];

export const findCreateSubresource = (resource: string, subresource: string): CreateSubresource | undefined =>
  createSubresources.find((one) => one.resource === resource && one.subresource === subresource);
