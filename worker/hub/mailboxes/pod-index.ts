/** Which pods each node has and what they reference: who hears of a change, and what a node may read. */
import type { ObjectReference } from './pod-references.ts';

export interface IndexedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** True once the pod has a deletionTimestamp: the node may then report it terminated. */
  readonly deleting: boolean;
  readonly references: readonly ObjectReference[];
}

/** What a node came to need by a change of its pods. */
export interface NewNeeds {
  readonly references: readonly ObjectReference[];
  readonly namespace: boolean;
}

interface NodePods {
  readonly pods: Map<string, IndexedPod>;
  /** How many of the node's pods reference an object. */
  readonly references: Map<string, number>;
  readonly namespaces: Map<string, number>;
}

const podKey = (namespace: string, name: string): string => `${namespace}\n${name}`;
const referenceKey = (resource: string, namespace: string, name: string): string =>
  `${resource}\n${namespace}\n${name}`;

/** Adds to a count; true when it was zero before. */
function increase(counts: Map<string, number>, key: string): boolean {
  const before = counts.get(key) ?? 0;
  counts.set(key, before + 1);
  return before === 0;
}

/** Takes from a count; true when nothing is left. */
function decrease(counts: Map<string, number>, key: string): boolean {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) {
    counts.set(key, left);
    return false;
  }
  counts.delete(key);
  return true;
}

function addTo(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([member]));
  else set.add(member);
}

function removeFrom(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key);
  set?.delete(member);
  if (set?.size === 0) sets.delete(key);
}

const NOBODY: ReadonlySet<string> = new Set();

export class PodIndex {
  readonly #nodes = new Map<string, NodePods>();
  /** Node of each bound pod. */
  readonly #nodeOf = new Map<string, string>();
  readonly #nodesByReference = new Map<string, Set<string>>();
  readonly #nodesByNamespace = new Map<string, Set<string>>();

  pod(namespace: string, name: string): IndexedPod | undefined {
    const node = this.#nodeOf.get(podKey(namespace, name));
    return node === undefined ? undefined : this.#nodes.get(node)?.pods.get(podKey(namespace, name));
  }

  podsOf(node: string): Iterable<IndexedPod> {
    return this.#nodes.get(node)?.pods.values() ?? [];
  }

  namespacesOf(node: string): Iterable<string> {
    return this.#nodes.get(node)?.namespaces.keys() ?? [];
  }

  /** Nodes with a pod that references the object. */
  nodesUsing(resource: string, namespace: string, name: string): ReadonlySet<string> {
    return this.#nodesByReference.get(referenceKey(resource, namespace, name)) ?? NOBODY;
  }

  nodesIn(namespace: string): ReadonlySet<string> {
    return this.#nodesByNamespace.get(namespace) ?? NOBODY;
  }

  /** Whether the object is one of the node's pods or referenced by one. */
  reaches(node: string, object: { resource: string; namespace: string; name: string }): boolean {
    const { resource, namespace, name } = object;
    if (resource === 'pods') return this.#nodeOf.get(podKey(namespace, name)) === node;
    return this.#nodes.get(node)?.references.has(referenceKey(resource, namespace, name)) ?? false;
  }

  /** Adds or replaces a bound pod; says what its node did not need before. */
  set(pod: IndexedPod): NewNeeds {
    const key = podKey(pod.namespace, pod.name);
    const earlier = this.pod(pod.namespace, pod.name);
    const node = this.#nodePods(pod.node);
    // Counted before the earlier state is taken away, so that what stays referenced is no news.
    const references = pod.references.filter(({ resource, name }) => {
      const reference = referenceKey(resource, pod.namespace, name);
      addTo(this.#nodesByReference, reference, pod.node);
      return increase(node.references, reference);
    });
    addTo(this.#nodesByNamespace, pod.namespace, pod.node);
    const namespace = increase(node.namespaces, pod.namespace);
    if (earlier !== undefined) this.#forget(earlier);
    node.pods.set(key, pod);
    this.#nodes.set(pod.node, node);
    this.#nodeOf.set(key, pod.node);
    return { references, namespace };
  }

  delete(namespace: string, name: string): IndexedPod | undefined {
    const pod = this.pod(namespace, name);
    if (pod !== undefined) this.#forget(pod);
    return pod;
  }

  #nodePods(node: string): NodePods {
    return this.#nodes.get(node) ?? { pods: new Map(), references: new Map(), namespaces: new Map() };
  }

  #forget(pod: IndexedPod): void {
    const node = this.#nodes.get(pod.node);
    if (node === undefined) return;
    const key = podKey(pod.namespace, pod.name);
    node.pods.delete(key);
    this.#nodeOf.delete(key);
    for (const { resource, name } of pod.references) {
      const reference = referenceKey(resource, pod.namespace, name);
      if (decrease(node.references, reference)) removeFrom(this.#nodesByReference, reference, pod.node);
    }
    if (decrease(node.namespaces, pod.namespace)) removeFrom(this.#nodesByNamespace, pod.namespace, pod.node);
    if (node.pods.size === 0 && node.references.size === 0) this.#nodes.delete(pod.node);
  }
}
