// Echo of a text message.

import { byId, onSubmit } from "./dom.js";
import { milliseconds, shorten } from "./format.js";
import { contentOf } from "./message.js";
import { showNumber, showVerdict } from "./show.js";

export function textEcho(line) {
  const input = byId("echo-input");
  onSubmit(byId("echo-form"), async () => {
    const text = input.value;
    input.select();
    showVerdict(byId("echo-verdict"), "pending");
    const echo = await line.ask(text);
    if (!echo) return showVerdict(byId("echo-verdict"), "lost");
    byId("echo-last").textContent = typeof echo.data === "string" ? shorten(echo.data, 2000) || "(empty)" : contentOf(echo.data);
    showVerdict(byId("echo-verdict"), echo.data === text ? "identical" : "different");
    showNumber(byId("echo-latency"), echo.latency, milliseconds(echo.latency));
  });
}
