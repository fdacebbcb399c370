// The panel that starts a run, stops it and shows its figures.

import { attempt } from "./attempt.js";
import { byId, onSubmit } from "./dom.js";
import { bytesOf, fixed, milliseconds, whole } from "./format.js";
import { quantile } from "./quantile.js";
import { Run } from "./run.js";
import { showNumber, showState } from "./show.js";
import { Sparkline } from "./sparkline.js";

const TICK = 100; // ms between two updates of a run
const MAX_IN_FLIGHT_BYTES = 64 << 20; // more would only fill the browser's send buffer

export class RunPanel {
  #connection;
  #line;
  #sparkline = new Sparkline();
  #run = null;
  #drawn = 0; // how many latencies the sparkline has seen

  constructor(connection, line) {
    this.#connection = connection;
    this.#line = line;
    onSubmit(byId("run-form"), () => this.#start());
    byId("run-stop").addEventListener("click", () => this.#run?.end());
    connection.addEventListener("state", () => this.#enable());
  }

  async #start() {
    const [inflight, size, seconds] = ["run-inflight", "run-size", "run-seconds"].map((id) => byId(id).valueAsNumber);
    if (!attempt(() => checkLoad(inflight * size), byId("run-error"))) return;
    const run = new Run(this.#line, size);
    this.#run = run;
    this.#drawn = 0;
    this.#sparkline.clear((seconds * 1000) / TICK);
    this.#tellLog(`started: ${whole.format(inflight)} in flight, ${bytesOf(size)} each, ${seconds} s`);
    const ticker = setInterval(() => this.#tick(), TICK);
    const ended = run.go(inflight, seconds);
    showState(byId("run-state"), "running");
    this.#enable();
    await ended;
    clearInterval(ticker);
    this.#end();
  }

  #end() {
    const run = this.#run;
    this.#show(run.latencies);
    showState(byId("run-state"), run.lost ? "failed" : "done");
    this.#enable();
    this.#tellLog(`${run.lost ? "connection lost" : "ended"} after ${fixed(run.elapsed / 1000, 2)} s: ${whole.format(run.latencies.length)} messages`);
  }

  // While the run goes on, the figures are those of the last tick: sorting all of
  // them ten times a second would slow down what is being measured.
  #tick() {
    const fresh = this.#run.latencies.slice(this.#drawn);
    this.#drawn += fresh.length;
    const median = this.#show(fresh);
    if (fresh.length) this.#sparkline.add(this.#run.elapsed / TICK - 1, median);
  }

  // Returns the median of the latencies.
  #show(latencies) {
    const run = this.#run;
    showNumber(byId("run-count"), run.latencies.length, whole.format(run.latencies.length));
    showNumber(byId("run-rate"), run.perSecond, whole.format(run.perSecond));
    showNumber(byId("run-bandwidth"), run.megabytesPerSecond, fixed(run.megabytesPerSecond, 2));
    if (!latencies.length) return undefined;
    const sorted = Float64Array.from(latencies).sort();
    const [median, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
    showNumber(byId("run-median"), median, milliseconds(median));
    showNumber(byId("run-p99"), p99, milliseconds(p99));
    return median;
  }

  // A button that becomes disabled under the keyboard's focus hands it to the other.
  #enable() {
    const running = Boolean(this.#run?.running);
    const [start, stop] = [byId("run-start"), byId("run-stop")];
    const focused = document.activeElement;
    start.disabled = running || this.#connection.state !== "open";
    stop.disabled = !running;
    if (focused === start && start.disabled) stop.focus();
    if (focused === stop && stop.disabled) start.focus();
  }

  #tellLog(text) {
    this.#connection.log.event(this.#connection.path, "run", text);
  }
}

function checkLoad(bytes) {
  if (bytes <= MAX_IN_FLIGHT_BYTES) return true;
  throw new Error(`That would be ${bytesOf(bytes)} in flight; at most ${bytesOf(MAX_IN_FLIGHT_BYTES)}, please.`);
}
