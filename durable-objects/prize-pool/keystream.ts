import { chacha20 } from "@noble/ciphers/chacha.js";

/** Keystream made at a time; a multiple of ChaCha20's block of 64 bytes. */
const CHUNK_BYTES = 4_096;
const BLOCK_BYTES = 64;

/** Unbiased 32-bit words from ChaCha20 (RFC 8439), keyed by the 32-byte seed, nonce zero, counter from zero; little-endian. */
export function keystreamWords(seed: Uint8Array): () => number {
  const nonce = new Uint8Array(12);
  const zeros = new Uint8Array(CHUNK_BYTES);
  const chunk = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(chunk.buffer);
  let block = 0;
  let offset = CHUNK_BYTES;
  return () => {
    if (offset === CHUNK_BYTES) {
      chacha20(seed, nonce, zeros, chunk, block);
      block += CHUNK_BYTES / BLOCK_BYTES;
      offset = 0;
    }
    const word = view.getUint32(offset, true);
    offset += 4;
    return word;
  };
}
