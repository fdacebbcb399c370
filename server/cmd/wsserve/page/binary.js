// Echo of a binary message, given in hex or made up.

import { attempt } from "./attempt.js";
import { randomBytes, sameBytes } from "./bytes.js";
import { byId, onSubmit } from "./dom.js";
import { bytesOf, milliseconds } from "./format.js";
import { fromHex } from "./hex.js";
import { contentOf, sizeOf } from "./message.js";
import { showNumber, showVerdict } from "./show.js";

export function binaryEcho(line) {
  onSubmit(byId("hex-form"), () => {
    const bytes = attempt(() => fromHex(byId("hex-input").value), byId("binary-error"));
    if (bytes) askBinary(line, bytes);
  });
  onSubmit(byId("random-form"), () => {
    byId("binary-error").textContent = "";
    askBinary(line, randomBytes(byId("random-size").valueAsNumber));
  });
}

async function askBinary(line, bytes) {
  showVerdict(byId("binary-verdict"), "pending");
  const echo = await line.ask(bytes);
  if (!echo) return showVerdict(byId("binary-verdict"), "lost");
  const isBinary = typeof echo.data !== "string";
  byId("binary-last").textContent = contentOf(echo.data) || "(empty)";
  showVerdict(byId("binary-verdict"), isBinary && sameBytes(bytes, new Uint8Array(echo.data)) ? "identical" : "different");
  showNumber(byId("binary-size"), sizeOf(echo.data), bytesOf(sizeOf(echo.data)));
  showNumber(byId("binary-latency"), echo.latency, milliseconds(echo.latency));
}
