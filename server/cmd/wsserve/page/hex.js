// Bytes as hexadecimal digits, and back.

const SHOWN_BYTES = 32;

export function toHex(bytes, shown = SHOWN_BYTES) {
  const head = Array.from(bytes.subarray(0, shown), (b) => b.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > shown ? `${head} …` : head;
}

// Takes "00ff", "00 FF", "00:ff" and "0x00, 0xff"; throws what the user should read.
export function fromHex(text) {
  const digits = text.replace(/\b0x/gi, "").replace(/[\s:,]/g, "");
  const stranger = digits.match(/[^0-9a-f]/iu);
  if (stranger) throw new Error(`“${stranger[0]}” is not a hexadecimal digit.`);
  if (digits.length % 2) throw new Error("Two digits make a byte; one is left over.");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
