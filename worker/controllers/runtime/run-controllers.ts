import type { GroupResource, UntypedObject } from '../../../schema/meta/object-meta.ts';
import type { Status } from '../../../schema/meta/status.ts';
import type { Controller, ControllerWrite } from '../controller.ts';
import type {
  ControllerFailure,
  ControllerRun,
  ControllerRunResult,
  ControllerTimer,
  ObjectChange,
  WorkItem,
} from './controller-run.ts';
import { EventWriter } from './event-write.ts';

/** A key that still writes after so many passes within one batch is throttled: something fights it. */
export const WRITING_PASSES_MAX = 24;
/** After so many failed passes within one batch a key waits for its back-off, whatever changes. */
export const FAILED_PASSES_MAX = 2;
export const RETRY_BACKOFF_MS_MIN = 1_000;
export const RETRY_BACKOFF_MS_MAX = 300_000;
/** Follow-ups of follow-ups of one write; more is a controller's bug. */
export const FOLLOW_UP_DEPTH_MAX = 8;

/** Doubles from a second to five minutes. */
export const retryBackoffMs = (failures: number): number =>
  Math.min(RETRY_BACKOFF_MS_MAX, RETRY_BACKOFF_MS_MIN * 2 ** Math.min(Math.max(failures - 1, 0), 20));

/**
 * Runs the controllers over everything that changed, and over what their writes change in turn, until
 * nothing is left to do or the batch has no more room. Never throws for a controller's error: the
 * key's earlier writes stand, it is retried with back-off, and the others go on.
 *
 * A controller's writes are applied in order. The first that the registry refuses ends the pass: its
 * `onRefused` is applied instead, the rest is dropped, and the key retried with back-off (the pass is
 * a function of the view, so the next one decides afresh). Events are best effort and never end a pass.
 */
export function runControllers(run: ControllerRun): ControllerRunResult {
  return new Runtime(run).run();
}

/**
 * Dirty keys, those of earlier controllers first: what counts others' work runs once that has settled.
 * A key waits once, however often it is dirty; within a controller the order is that of arrival.
 */
class WorkQueue {
  readonly #waiting: ReadonlyMap<Controller, Set<KeyState>>;

  constructor(controllers: readonly Controller[]) {
    this.#waiting = new Map(controllers.map((controller) => [controller, new Set<KeyState>()]));
  }

  add(state: KeyState): void {
    this.#waiting.get(state.controller)?.add(state);
  }

  delete(state: KeyState): void {
    this.#waiting.get(state.controller)?.delete(state);
  }

  has(state: KeyState): boolean {
    return this.#waiting.get(state.controller)?.has(state) ?? false;
  }

  next(): KeyState | undefined {
    for (const states of this.#waiting.values()) for (const state of states) return state;
    return undefined;
  }

  all(): readonly KeyState[] {
    return [...this.#waiting.values()].flatMap((states) => [...states]);
  }
}

interface KeyState {
  readonly controller: Controller;
  readonly key: string;
  failures: number;
  writingPasses: number;
  failedPasses: number;
  /** No further pass in this batch: the timer decides. */
  held: boolean;
}

type PassOutcome =
  | { readonly kind: 'quiet' | 'wrote'; readonly requeueAt: number | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly retry: boolean }
  | { readonly kind: 'noRoom' };

type ApplyOutcome = 'applied' | 'noRoom' | Status;

class Runtime {
  readonly #run: ControllerRun;
  readonly #byName: ReadonlyMap<string, Controller>;
  readonly #routes: ReadonlyMap<GroupResource, readonly Route[]>;
  readonly #states = new Map<string, KeyState>();
  readonly #queue: WorkQueue;
  readonly #timers = new Map<KeyState, ControllerTimer>();
  readonly #failures: ControllerFailure[] = [];
  readonly #events = new EventWriter();

  constructor(run: ControllerRun) {
    this.#run = run;
    this.#byName = new Map(run.controllers.map((controller) => [controller.name, controller]));
    this.#routes = routesOf(run.controllers);
    this.#queue = new WorkQueue(run.controllers);
  }

  run(): ControllerRunResult {
    for (const item of this.#run.work) this.#enqueue(item.controller, item.key, item.failures);
    this.#routeChanges();
    for (let state = this.#queue.next(); state; state = this.#queue.next()) {
      if (!this.#run.hasRoom()) break;
      this.#queue.delete(state);
      const outcome = this.#pass(state);
      this.#routeChanges();
      this.#settle(state, outcome);
      if (outcome.kind === 'noRoom') break;
    }
    return {
      work: this.#queue.all().map(workItem),
      timers: [...this.#timers].filter(([state]) => !this.#queue.has(state)).map(([, timer]) => timer),
      failures: this.#failures,
    };
  }

  #enqueue(controllerName: string, key: string, failures = 0): void {
    const controller = this.#byName.get(controllerName);
    if (!controller) return;
    const id = `${controllerName}\n${key}`;
    let state = this.#states.get(id);
    if (!state) {
      state = { controller, key, failures, writingPasses: 0, failedPasses: 0, held: false };
      this.#states.set(id, state);
    }
    if (!state.held) this.#queue.add(state);
  }

  #routeChanges(): void {
    for (const change of this.#run.takeChanges()) {
      for (const route of this.#routes.get(change.resource) ?? []) this.#follow(route, change);
      for (const route of this.#routes.get(EVERY_RESOURCE) ?? []) this.#follow(route, change);
    }
  }

  #follow(route: Route, change: ObjectChange): void {
    try {
      for (const key of route.keys(change, this.#run)) this.#enqueue(route.controller.name, key);
    } catch (error) {
      this.#failures.push({
        controller: route.controller.name,
        key: `${change.resource}/${change.name}`,
        message: messageOf(error),
      });
    }
  }

  #pass(state: KeyState): PassOutcome {
    try {
      const { writes, requeueAt } = state.controller.reconcile(this.#run.view, state.key, this.#run.context);
      for (const write of writes) {
        const outcome = this.#apply(write, state.controller.name, 0);
        if (outcome === 'noRoom') return { kind: 'noRoom' };
        if (outcome !== 'applied') {
          return { kind: 'failed', message: outcome.message ?? 'refused', retry: !isNamespaceTerminating(outcome) };
        }
      }
      return { kind: writes.length > 0 ? 'wrote' : 'quiet', requeueAt };
    } catch (error) {
      return { kind: 'failed', message: messageOf(error), retry: true };
    }
  }

  #apply(write: ControllerWrite, controller: string, depth: number): ApplyOutcome {
    if (depth > FOLLOW_UP_DEPTH_MAX)
      throw new Error(`${controller}: follow-ups nest deeper than ${FOLLOW_UP_DEPTH_MAX}`);
    if (!this.#run.hasRoom()) return 'noRoom';
    if (write.op === 'event') {
      const event = this.#events.write(write.event, this.#run.view, this.#run.context.now);
      if (event) this.#run.applyWrite(event, controller);
      return 'applied';
    }
    const result = this.#run.applyWrite(write, controller);
    if (result.ok) return this.#applyAll(write.onDone?.(result.value) ?? [], controller, depth + 1);
    const instead = this.#applyAll(write.onRefused?.(result.status) ?? [], controller, depth + 1);
    return instead === 'noRoom' ? 'noRoom' : result.status;
  }

  #applyAll(writes: readonly ControllerWrite[], controller: string, depth: number): ApplyOutcome {
    for (const write of writes) {
      const outcome = this.#apply(write, controller, depth);
      if (outcome !== 'applied') return outcome;
    }
    return 'applied';
  }

  #settle(state: KeyState, outcome: PassOutcome): void {
    switch (outcome.kind) {
      case 'noRoom':
        this.#queue.add(state);
        return;
      case 'failed':
        this.#failures.push({ ...workItem(state), message: outcome.message });
        state.failures += 1;
        state.failedPasses += 1;
        if (outcome.retry) this.#retryLater(state);
        if (state.failedPasses >= FAILED_PASSES_MAX) this.#hold(state);
        return;
      case 'wrote':
        state.writingPasses += 1;
        if (state.writingPasses >= WRITING_PASSES_MAX) {
          state.failures += 1;
          this.#retryLater(state);
          this.#hold(state);
          return;
        }
        this.#lookAgain(state, outcome.requeueAt);
        return;
      case 'quiet':
        this.#lookAgain(state, outcome.requeueAt);
        return;
    }
  }

  #lookAgain(state: KeyState, at: number | undefined): void {
    state.failures = 0;
    this.#timers.set(state, { controller: state.controller.name, key: state.key, at });
  }

  #retryLater(state: KeyState): void {
    const at = this.#run.context.now + retryBackoffMs(state.failures);
    this.#timers.set(state, { ...workItem(state), at });
  }

  #hold(state: KeyState): void {
    state.held = true;
    this.#queue.delete(state);
  }
}

/** In `watches[].resource`: every resource of the shard. */
export const EVERY_RESOURCE = '*';

interface Route {
  readonly controller: Controller;
  keys(change: ObjectChange, run: ControllerRun): readonly string[];
}

const routesCache = new WeakMap<readonly Controller[], ReadonlyMap<GroupResource, readonly Route[]>>();

/** Which controllers a change of a resource concerns. Built once per list of controllers. */
function routesOf(controllers: readonly Controller[]): ReadonlyMap<GroupResource, readonly Route[]> {
  const known = routesCache.get(controllers);
  if (known) return known;
  const routes = new Map<GroupResource, Route[]>();
  const add = (resource: GroupResource, route: Route) => {
    const list = routes.get(resource);
    if (list) list.push(route);
    else routes.set(resource, [route]);
  };
  for (const controller of controllers) {
    add(controller.for, { controller, keys: (change) => [change.name] });
    for (const owned of controller.owns) {
      add(owned, { controller, keys: (change, run) => ownerKeys(controller, change, run) });
    }
    for (const watch of controller.watches ?? []) {
      add(watch.resource, {
        controller,
        keys: (change, run) => watch.keys(change.object, change.previous, run.view, change.type, change.resource),
      });
    }
  }
  routesCache.set(controllers, routes);
  return routes;
}

/** The names of the controlling owners before and after the change, where they are of the controller's kind. */
function ownerKeys(controller: Controller, change: ObjectChange, run: ControllerRun): readonly string[] {
  const names = new Set<string>();
  for (const object of change.previous ? [change.object, change.previous] : [change.object]) {
    const owner = controllerOwnerOf(object);
    if (!owner) continue;
    const held = run.view.get(controller.for, owner.name);
    if (held?.metadata.uid === owner.uid) names.add(owner.name);
  }
  return [...names];
}

const controllerOwnerOf = (object: UntypedObject) => object.metadata.ownerReferences?.find((owner) => owner.controller);

/** A namespace that is going away refuses creation; upstream's controllers do not retry then. */
const isNamespaceTerminating = (status: Status): boolean =>
  status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;

const workItem = (state: KeyState): WorkItem => ({
  controller: state.controller.name,
  key: state.key,
  ...(state.failures > 0 ? { failures: state.failures } : {}),
});

const messageOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
