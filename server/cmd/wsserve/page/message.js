// What can be said of a message as sent or received, be it a string, a Uint8Array
// or an ArrayBuffer.

import { shorten } from "./format.js";
import { toHex } from "./hex.js";

const encoder = new TextEncoder();

// In bytes: a text counts as its UTF-8, which is what travels.
export function sizeOf(data) {
  return typeof data === "string" ? encoder.encode(data).length : data.byteLength;
}

export function contentOf(data) {
  return typeof data === "string" ? shorten(data) : toHex(new Uint8Array(data));
}

export function kindOf(data) {
  return typeof data === "string" ? "text" : "binary";
}
