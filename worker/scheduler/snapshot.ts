import { type Node, NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** The nodes, and the pods assigned to each: kept up to date change by change, never rebuilt. */
export class Snapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #nodeOfPod = new Map<string, string>();
  readonly #nominations = new Map<string, string>();
  #known: readonly NodeInfo[] | undefined;
  /** Pods with terms about other pods, and their nodes; few as a rule. */
  readonly affinityPods = new Map<PodInfo, NodeInfo>();
  /** Labels of namespaces, for terms that select them. */
  readonly namespaceLabels = new Map<string, Readonly<Record<string, string>>>();
  /** Where the next search for nodes starts. */
  nextStart = 0;
  /** How many pods were placed; decides among equally good nodes. */
  placed = 0;

  /** Nodes that exist, in the order of their appearance. */
  knownNodes(): readonly NodeInfo[] {
    this.#known ??= [...this.#nodes.values()].filter(({ isKnown }) => isKnown);
    return this.#known;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: Node): void {
    const info = this.#nodeNamed(node.metadata.name ?? '');
    if (!info.isKnown) this.#known = undefined;
    info.setNode(node);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    info.removeNode();
    this.#known = undefined;
    if (info.pods.size === 0) this.#nodes.delete(name);
  }

  /** Counts the pod on the node it is assigned to, and nowhere else. */
  addPod(pod: PodInfo): void {
    this.#add(pod, this.#nodeNamed(pod.nodeName));
  }

  /** True when the pod was counted on a node. */
  removePod(uid: string): boolean {
    const name = this.#nodeOfPod.get(uid);
    if (name === undefined) return false;
    this.#nodeOfPod.delete(uid);
    const info = this.#nodes.get(name);
    const pod = info?.removePod(uid);
    if (pod) this.affinityPods.delete(pod);
    if (info && !info.isKnown && info.pods.size === 0) this.#nodes.delete(name);
    return true;
  }

  /** The node a pod is counted on, be it assigned or only placed. */
  nodeOf(uid: string): string | undefined {
    return this.#nodeOfPod.get(uid);
  }

  /** Counts a pod on the node that was chosen for it. */
  place(pod: PodInfo, node: NodeInfo): void {
    this.forgetNomination(pod.uid);
    this.#add(pod, node);
    this.placed += 1;
  }

  /** Undoes `removePod`: the pod is on that node again. */
  putBack(pod: PodInfo, node: NodeInfo): void {
    this.#add(pod, node);
  }

  /** Keeps room on a node for a pod until it is placed, or forgotten. */
  nominate(pod: PodInfo, nodeName: string): void {
    this.forgetNomination(pod.uid);
    this.#nodeNamed(nodeName).nominated.set(pod.uid, pod);
    this.#nominations.set(pod.uid, nodeName);
  }

  forgetNomination(uid: string): void {
    const name = this.#nominations.get(uid);
    if (name === undefined) return;
    this.#nominations.delete(uid);
    this.#nodes.get(name)?.nominated.delete(uid);
  }

  #add(pod: PodInfo, node: NodeInfo): void {
    this.removePod(pod.uid);
    node.addPod(pod);
    this.#nodeOfPod.set(pod.uid, node.name);
    if (pod.podAffinity || pod.podAntiAffinity) this.affinityPods.set(pod, node);
  }

  #nodeNamed(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }
}
