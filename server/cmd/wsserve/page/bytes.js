// Bytes to send, and whether the same ones came back.

export function randomBytes(size) {
  const bytes = new Uint8Array(size);
  const most = 65536; // getRandomValues gives no more at once
  for (let at = 0; at < size; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}

export function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
