// The little curve under the figures of a run.

import { byId } from "./dom.js";
import { milliseconds } from "./format.js";

export class Sparkline {
  #svg = byId("run-sparkline");
  #line = this.#svg.querySelector("polyline");
  #scale = byId("run-scale");
  #points = [];
  #width = 0;

  // slots: how many points the whole width has room for.
  clear(slots) {
    this.#points = [];
    this.#width = slots;
    this.#draw();
  }

  add(slot, value) {
    this.#points.push({ slot, value });
    this.#draw();
  }

  #draw() {
    const { width, height } = this.#svg.viewBox.baseVal;
    const peak = Math.max(...this.#points.map((p) => p.value), Number.MIN_VALUE);
    const x = (p) => ((p.slot / Math.max(1, this.#width - 1)) * width).toFixed(1);
    const y = (p) => (height - 2 - (p.value / peak) * (height - 4)).toFixed(1);
    this.#line.setAttribute("points", this.#points.map((p) => `${x(p)},${y(p)}`).join(" "));
    this.#scale.textContent = this.#points.length
      ? `median of each tenth of a second, 0 to ${milliseconds(peak)}`
      : "median of each tenth of a second";
  }
}
