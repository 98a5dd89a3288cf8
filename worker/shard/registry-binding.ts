/** Joins a shard's batches with the registry and the controllers. */
import type { SignatureVerifier } from '../../schema/meta/signature.ts';
import { definitionOf } from '../../schema/resources/lookup.ts';
import type { Answer, WriteRequest } from '../../schema/protocol/shard.ts';
import { admissionChain } from '../admission/chain.ts';
import type { Controller, ControllerWrite } from '../controllers/controller.ts';
import { runControllers } from '../controllers/runtime/run-controllers.ts';
import { applyControllerWrite } from '../registry/controller-write.ts';
import type { RegistryEnvironment } from '../registry/environment.ts';
import { executeWrite } from '../registry/execute.ts';
import { findCreateSubresource } from '../registry/subresources/create-subresources.ts';
import type { ControlResult, ControlRun } from './batch.ts';
import type { WorkingSet } from './working-set.ts';

export interface Platform {
  /** ms since the epoch. */
  now(): number;
  newUid(): string;
  randomSuffix(length: number): string;
  readonly verifySignature: SignatureVerifier;
}

export class RegistryBinding {
  readonly #platform: Platform;
  readonly #controllers: readonly Controller[];
  readonly #admission: RegistryEnvironment['admission'];

  constructor(platform: Platform, controllers: readonly Controller[]) {
    this.#platform = platform;
    this.#controllers = controllers;
    this.#admission = admissionChain({ randomSuffix: platform.randomSuffix });
  }

  /** One client's request. */
  execute(request: WriteRequest, tx: WorkingSet): Answer {
    return executeWrite(request, tx, this.#environment(tx));
  }

  /** One write that a controller decided on outside the runtime, with its follow-ups. */
  apply(write: ControllerWrite, controller: string, tx: WorkingSet): void {
    if (write.op === 'event') return;
    const result = applyControllerWrite(write, `controller:${controller}`, tx, this.#environment(tx));
    const next = result.ok ? write.onDone?.(result.value) : write.onRefused?.(result.status);
    for (const follower of next ?? []) this.apply(follower, controller, tx);
  }

  /** All controllers over what changed in the batch. */
  control({ tx, now, work, takeChanges, hasRoom }: ControlRun): ControlResult {
    const environment = this.#environment(tx);
    const result = runControllers({
      controllers: this.#controllers,
      view: tx,
      context: { now, randomSuffix: this.#platform.randomSuffix },
      work,
      takeChanges: () =>
        takeChanges().map(({ type, resource, name, object, previousObject }) => ({
          type,
          resource,
          name,
          object,
          ...(previousObject && type === 'MODIFIED' ? { previous: previousObject } : {}),
        })),
      applyWrite: (write, controller) => applyControllerWrite(write, `controller:${controller}`, tx, environment),
      hasRoom,
    });
    for (const { controller, key, message } of result.failures) {
      console.warn(`controller ${controller} failed at ${tx.namespace}/${key}: ${message}`);
    }
    return result;
  }

  #environment(tx: WorkingSet): RegistryEnvironment {
    return {
      now: this.#platform.now(),
      newUid: this.#platform.newUid,
      randomSuffix: this.#platform.randomSuffix,
      definition: definitionOf,
      createSubresource: findCreateSubresource,
      admission: this.#admission,
      verifySignature: this.#platform.verifySignature,
      pools: tx.pools,
    };
  }
}
