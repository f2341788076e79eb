import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";

/**
 * The Merkle tree of RFC 9162 §2.1: SHA-256, a node of odd place at the end of its level stands in the next one unchanged. A level is its nodes'
 * hashes, one after the other.
 */

export const HASH_BYTES = 32;

const LEAF = new Uint8Array([0]);
const NODE = 1;

export function hashLeaf(data: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF, data));
}

const nodeBytes = new Uint8Array(1 + 2 * HASH_BYTES).fill(NODE, 0, 1);

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeBytes.set(left, 1);
  nodeBytes.set(right, 1 + HASH_BYTES);
  return sha256(nodeBytes);
}

/** The levels of a tree from its lowest, which is given, up to the root's, which is one hash long. */
export function levelsOf(lowest: Uint8Array): Uint8Array[] {
  const levels = [lowest];
  for (let level = lowest; level.length > HASH_BYTES;) {
    level = levelAbove(level);
    levels.push(level);
  }
  return levels;
}

function levelAbove(level: Uint8Array): Uint8Array {
  const nodes = level.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(nodes / 2) * HASH_BYTES);
  for (let node = 0; node < nodes; node += 2) {
    const left = level.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES);
    const right = level.subarray((node + 1) * HASH_BYTES, (node + 2) * HASH_BYTES);
    above.set(right.length === 0 ? left : hashNode(left, right), (node / 2) * HASH_BYTES);
  }
  return above;
}

/** The siblings that lead from a node of the lowest of these levels to the highest, lowest first. */
export function siblingsOf(levels: readonly Uint8Array[], node: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  for (const [height, level] of levels.entries()) {
    const sibling = Math.floor(node / 2 ** height) ^ 1;
    const hash = level.slice(sibling * HASH_BYTES, (sibling + 1) * HASH_BYTES);
    if (hash.length === HASH_BYTES) path.push(hash);
  }
  return path;
}

/** The root that a leaf's hash and path lead to, in a tree of `size` leaves; null for a path that is too long or too short for its place. */
export function rootFrom(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Uint8Array | null {
  if (index < 0 || index >= size) return null;
  const siblings = path[Symbol.iterator]();
  let hash = leaf;
  for (let [place, nodes] = [index, size]; nodes > 1; [place, nodes] = [Math.floor(place / 2), Math.ceil(nodes / 2)]) {
    if ((place ^ 1) >= nodes) continue;
    const sibling = siblings.next().value;
    if (sibling === undefined) return null;
    hash = place % 2 === 0 ? hashNode(hash, sibling) : hashNode(sibling, hash);
  }
  return siblings.next().done === true ? hash : null;
}
