// Questions and their echoes.

// An echo server answers in order, so the oldest open question is the one a
// message answers. Nothing else may send on the connection.
export class EchoLine {
  #connection;
  #open = [];

  constructor(connection) {
    this.#connection = connection;
    connection.onmessage = (data, at) => this.#answer(data, at);
    connection.addEventListener("lost", () => this.#lose());
  }

  // Resolves to {data, latency in ms}, or to null when the echo cannot come any
  // more. Quiet questions stay out of the log: a run has too many of them.
  ask(data, { quiet = false } = {}) {
    if (this.#connection.state !== "open") return Promise.resolve(null);
    return new Promise((resolve) => {
      const question = { sentAt: performance.now(), quiet, resolve };
      this.#open.push(question);
      this.#connection.send(data);
      if (!quiet) this.#connection.log.message(this.#connection.path, "sent", data);
    });
  }

  #answer(data, at) {
    const question = this.#open.shift();
    if (!question?.quiet) this.#connection.log.message(this.#connection.path, "received", data);
    question?.resolve({ data, latency: at - question.sentAt });
  }

  #lose() {
    for (const question of this.#open.splice(0)) question.resolve(null);
  }
}
