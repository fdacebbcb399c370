// Payloads that are the same in every run.

// noise is n bytes that no compressor can shorten (xorshift32).
export function noise(n, seed = 1) {
  const bytes = Buffer.allocUnsafe(n);
  let x = seed;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x & 0xff;
  }
  return bytes;
}

// prose is about n characters that repeat themselves near and far, so that a
// compressor with a large window finds matches that one with a small must not.
export function prose(n) {
  const words = Array.from({ length: 512 }, (_, i) => noise(9, i + 1).toString('base64'));
  const picks = noise(n, 7);
  let text = '';
  for (let i = 0; text.length < n; i++) text += words[picks[2 * i] * 2 + (picks[2 * i + 1] & 1)] + ' ';
  return text;
}
