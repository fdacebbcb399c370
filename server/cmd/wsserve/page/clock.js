// How well this browser can tell the time.

import { byId } from "./dom.js";
import { fixed } from "./format.js";

// Says how fine the latencies can be at all.
export function noteClock() {
  const step = clockStep();
  if (step < 0.05) return;
  byId("clock-note").textContent = `This browser’s clock moves in steps of about ${fixed(step, step < 1 ? 1 : 0)} ms; latencies are no finer than that.`;
}

// Browsers coarsen performance.now() on purpose; this is by how much, in ms.
function clockStep() {
  let step = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    step = Math.min(step, now - start);
  }
  return step;
}
