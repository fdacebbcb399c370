import { randomBytes } from "./bytes.js";

// Keeps some messages on their way for a while, and takes down what they took.
export class Run {
  latencies = []; // ms
  lost = false; // whether the connection went away under it
  #line;
  #payload;
  #startedAt = performance.now();
  #endedAt = null;
  #finish = () => {};

  constructor(line, size) {
    this.#line = line;
    this.#payload = randomBytes(size);
  }

  get running() {
    return this.#endedAt === null;
  }

  // In ms.
  get elapsed() {
    return (this.#endedAt ?? performance.now()) - this.#startedAt;
  }

  get perSecond() {
    return this.latencies.length / (this.elapsed / 1000);
  }

  get megabytesPerSecond() {
    return (this.perSecond * this.#payload.length) / 1e6;
  }

  // Resolves when the time is up, at end(), or when the connection is lost.
  go(inflight, seconds) {
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#startedAt = performance.now();
      setTimeout(() => this.end(), seconds * 1000);
      for (let i = 0; i < inflight; i++) this.#lane();
    });
  }

  // What is still on its way then is not counted.
  end() {
    if (!this.running) return;
    this.#endedAt = performance.now();
    this.#finish();
  }

  // One message after the other; as many lanes as there are messages in flight.
  async #lane() {
    while (this.running) {
      const echo = await this.#line.ask(this.#payload, { quiet: true });
      if (!this.running) return;
      if (!echo) {
        this.lost = true;
        return this.end();
      }
      this.latencies.push(echo.latency);
    }
  }
}
