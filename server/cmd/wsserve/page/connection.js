// One endpoint, over as many sockets as it takes.

import { closeName } from "./closecode.js";
import { sizeOf } from "./message.js";

const STATES = ["connecting", "open", "closing", "closed"]; // by WebSocket.readyState

// Dispatches "state" at every change, "closed" (detail: the CloseEvent) when the
// socket has closed by itself, and "lost" when no more answers can come, be it
// because it closed or because open() replaced it. Messages go to onmessage
// alone, with the time they came; oncount follows each change of counts, and
// comes before onmessage. Both are plain functions, for a run calls them often.
export class Connection extends EventTarget {
  onmessage = () => {};
  oncount = () => {};
  socket = null;
  counts = null;
  #openedAt = null;
  #endedAt = null;

  constructor(path, log) {
    super();
    this.path = path;
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.log = log;
    this.#reset();
  }

  get state() {
    return STATES[this.socket?.readyState ?? WebSocket.CLOSED];
  }

  // In ms; null for a connection that has not been open.
  get age() {
    return this.#openedAt === null ? null : (this.#endedAt ?? performance.now()) - this.#openedAt;
  }

  // Throws the browser's error for a bad subprotocol; the old socket then stays.
  open(protocols = []) {
    const socket = new WebSocket(this.url, protocols);
    socket.binaryType = "arraybuffer";
    this.#leave();
    this.socket = socket;
    this.#reset();
    this.#listen(socket);
    this.#tell("state");
  }

  send(data) {
    this.socket.send(data);
    this.counts.sentMessages++;
    this.counts.sentBytes += sizeOf(data);
    this.oncount();
  }

  // Takes what WebSocket.close takes: nothing, a code, or a code and a reason.
  // Throws the browser's error for a bad one.
  close(...codeAndReason) {
    this.socket.close(...codeAndReason);
    this.log.event(this.path, "close", `asked: ${codeAndReason.filter(Boolean).join(", ") || "no code"}`);
    this.#tell("state");
  }

  #reset() {
    this.counts = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0 };
    this.#openedAt = null;
    this.#endedAt = null;
  }

  #leave() {
    if (this.state === "closed") return;
    this.socket.close(1000, "connecting anew");
    this.log.event(this.path, "close", "left for a new connection");
    this.#tell("lost");
  }

  // A replaced socket may still speak while it closes; nobody should hear it.
  #listen(socket) {
    const whileCurrent = (act) => (event) => {
      if (this.socket === socket) act(event);
    };
    socket.onopen = whileCurrent(() => this.#opened());
    socket.onmessage = whileCurrent((event) => this.#received(event.data));
    socket.onerror = whileCurrent(() => this.log.event(this.path, "error", "the browser reports an error, and no details"));
    socket.onclose = whileCurrent((event) => this.#closed(event));
  }

  #opened() {
    this.#openedAt = performance.now();
    const { protocol, extensions } = this.socket;
    this.log.event(this.path, "open", [protocol, extensions].filter(Boolean).join("; ") || "no subprotocol, no extensions");
    this.#tell("state");
  }

  #received(data) {
    const at = performance.now();
    this.counts.receivedMessages++;
    this.counts.receivedBytes += sizeOf(data);
    this.oncount();
    this.onmessage(data, at);
  }

  #closed(event) {
    this.#endedAt = performance.now();
    const words = [`${event.code} ${closeName(event.code)}`, event.reason, event.wasClean ? "clean" : "not clean"];
    this.log.event(this.path, "close", words.filter(Boolean).join(", "));
    this.#tell("state");
    this.#tell("lost");
    this.#tell("closed", event);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
