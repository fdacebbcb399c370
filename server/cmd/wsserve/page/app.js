// The page that wsserve serves at "/": a place to try a WebSocket server by
// hand. It is a module, so nothing here is global.
//
// What a browser test may rely on. Every name is an element id; states and
// numbers are in data attributes, so that no test depends on wording.
//
//   Header
//     #status             data-state = connecting | open | closing | closed (of /echo)
//     #reconnect          button: opens /echo anew, at any time (and /chat, if that is closed)
//
//   Echo: text
//     #echo-form          #echo-input (Enter sends), #echo-send
//     #echo-last          the echo's text
//     #echo-latency       data-value = milliseconds of the round trip
//     #echo-verdict       data-verdict = pending | identical | different | lost
//
//   Echo: binary
//     #hex-form           #hex-input (Enter sends), #hex-send
//     #random-form        #random-size (bytes), #random-send
//     #binary-error       why the input could not be sent; empty when it could
//     #binary-last        the echo as hex, shortened after 32 bytes
//     #binary-size        data-value = bytes of the echo
//     #binary-latency     data-value = milliseconds
//     #binary-verdict     data-verdict = pending | identical | different | lost
//
//   Throughput
//     #run-form           #run-inflight, #run-size (bytes), #run-seconds, #run-start
//     #run-stop           button: ends the run now
//     #run-error          why a run was not started, or empty
//     #run-state          data-state = idle | running | done | failed
//     #run-rate           data-value = messages per second
//     #run-bandwidth      data-value = MB per second (of echoed payload)
//     #run-median         data-value = milliseconds
//     #run-p99            data-value = milliseconds
//     #run-count          data-value = messages echoed
//     #run-sparkline      svg; its polyline has a point for each tenth of a second that brought echoes
//
//   Chat
//     #chat-status        data-state as #status (of /chat)
//     #chat-reconnect     button: opens /chat anew
//     #chat-form          #chat-name, #chat-input (Enter sends), #chat-send
//     #chat-log           li[data-from = me | other], holding .name and .text
//
//   Connection (/echo)
//     #connect-form       #subprotocol (names, separated by commas); Enter reconnects
//     #connect-error      why the browser would not even try; empty when it did
//     #fact-url, #fact-subprotocol, #fact-extensions
//     #fact-state, #fact-buffered, #fact-connected (milliseconds),
//     #fact-sent-messages, #fact-sent-bytes,
//     #fact-received-messages, #fact-received-bytes      each with data-value
//
//   Close (/echo)
//     #close-form         #close-code (empty: none), #close-reason, #close-send
//     #close-error        the browser's refusal of a code or reason, or empty
//     #closed             data-state = none | closed: whether the next four say something
//     #closed-code        data-value = the code
//     #closed-name        its name in the IANA registry
//     #closed-reason
//     #closed-clean       data-value = true | false
//
//   Event log
//     #log                li[data-path][data-direction = sent | received | event]
//                           [data-kind = text | binary | open | close | error | run];
//                         the last 200, newest last
//     #log-count          data-value = rows shown
//     #log-clear          button

const STATES = ["connecting", "open", "closing", "closed"]; // by WebSocket.readyState
const LOG_ROWS = 200;
const CHAT_ROWS = 200;
const SHOWN_BYTES = 32;
const SHOWN_LETTERS = 160;
const TICK = 100; // ms between two updates of a run
const MAX_IN_FLIGHT_BYTES = 64 << 20; // more would only fill the browser's send buffer

// The IANA WebSocket Close Code Number registry. For 1014 it holds a sentence
// and no name; "Bad Gateway" is what that sentence says.
const CLOSE_NAMES = new Map([
  [1000, "Normal Closure"],
  [1001, "Going Away"],
  [1002, "Protocol error"],
  [1003, "Unsupported Data"],
  [1004, "Reserved"],
  [1005, "No Status Rcvd"],
  [1006, "Abnormal Closure"],
  [1007, "Invalid frame payload data"],
  [1008, "Policy Violation"],
  [1009, "Message Too Big"],
  [1010, "Mandatory Ext."],
  [1011, "Internal Error"],
  [1012, "Service Restart"],
  [1013, "Try Again Later"],
  [1014, "Bad Gateway"],
  [1015, "TLS handshake"],
  [3000, "Unauthorized"],
  [3003, "Forbidden"],
  [3008, "Timeout"],
]);

// Codes that never travel: the browser makes them up, so they need a word more.
const CLOSE_NOTES = new Map([
  [1005, "The close frame carried no code."],
  [1006, "No close frame came. A lost connection, a refused handshake and a server that is not there all look like this; the browser’s console may say which."],
]);

// ---- Small things ----

const byId = (id) => document.getElementById(id);
const encoder = new TextEncoder();
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function fixed(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function milliseconds(ms) {
  return `${fixed(ms, ms < 10 ? 2 : 1)} ms`;
}

function bytesOf(count) {
  return `${whole.format(count)} ${count === 1 ? "byte" : "bytes"}`;
}

function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

function timeOfDay(date) {
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

// Shortens without leaving half of a surrogate pair at the cut.
function shorten(text, letters = SHOWN_LETTERS) {
  if (text.length <= letters) return text;
  return `${text.slice(0, letters).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function toHex(bytes, shown = SHOWN_BYTES) {
  const head = Array.from(bytes.subarray(0, shown), (b) => b.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > shown ? `${head} …` : head;
}

// Takes "00ff", "00 FF", "00:ff" and "0x00, 0xff"; throws what the user should read.
function fromHex(text) {
  const digits = text.replace(/\b0x/gi, "").replace(/[\s:,]/g, "");
  const stranger = digits.match(/[^0-9a-f]/iu);
  if (stranger) throw new Error(`“${stranger[0]}” is not a hexadecimal digit.`);
  if (digits.length % 2) throw new Error("Two digits make a byte; one is left over.");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

function randomBytes(size) {
  const bytes = new Uint8Array(size);
  const most = 65536; // getRandomValues gives no more at once
  for (let at = 0; at < size; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// Of a message as sent or received: a string, a Uint8Array or an ArrayBuffer.
function sizeOf(data) {
  return typeof data === "string" ? encoder.encode(data).length : data.byteLength;
}

function contentOf(data) {
  return typeof data === "string" ? shorten(data) : toHex(new Uint8Array(data));
}

function kindOf(data) {
  return typeof data === "string" ? "text" : "binary";
}

function closeName(code) {
  if (CLOSE_NAMES.has(code)) return CLOSE_NAMES.get(code);
  return code >= 4000 && code <= 4999 ? "Private use" : "Unassigned";
}

// Of sorted values: the smallest that at least the share of them does not exceed.
function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
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

// ---- Showing ----

function showNumber(element, value, text) {
  element.dataset.value = value;
  element.textContent = text;
}

function showState(element, state) {
  if (element.dataset.state === state && element.textContent === state) return; // or a screen reader says it again
  element.dataset.state = state;
  element.textContent = state;
}

function showVerdict(element, verdict) {
  element.dataset.verdict = verdict;
  element.textContent = verdict;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

// Adds at the end, drops from the start, and follows only a reader who is at the end.
function appendBounded(list, row, limit) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  list.append(row);
  while (list.children.length > limit) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

// ---- The event log ----

class EventLog {
  #list = byId("log");
  #count = byId("log-count");

  constructor() {
    byId("log-clear").addEventListener("click", () => this.#clear());
  }

  message(path, direction, data) {
    this.#add(path, direction, kindOf(data), bytesOf(sizeOf(data)), contentOf(data));
  }

  event(path, kind, text) {
    this.#add(path, "event", kind, "", shorten(text));
  }

  #add(path, direction, kind, size, content) {
    const arrow = span("arrow", { sent: "↑", received: "↓", event: "•" }[direction]);
    arrow.setAttribute("role", "img");
    arrow.setAttribute("aria-label", direction);
    const row = document.createElement("li");
    Object.assign(row.dataset, { path, direction, kind });
    row.append(
      span("time", timeOfDay(new Date())),
      arrow,
      span("path", path),
      span("kind", kind),
      span("size", size),
      span("content", content),
    );
    appendBounded(this.#list, row, LOG_ROWS);
    this.#showCount();
  }

  #clear() {
    this.#list.replaceChildren();
    this.#showCount();
  }

  #showCount() {
    showNumber(this.#count, this.#list.children.length, this.#list.children.length);
  }
}

// ---- One endpoint, over as many sockets as it takes ----

// Dispatches "state" at every change, "closed" (detail: the CloseEvent) when the
// socket has closed by itself, and "lost" when no more answers can come, be it
// because it closed or because open() replaced it. Messages go to onmessage
// alone, with the time they came.
class Connection extends EventTarget {
  onmessage = () => {};
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

// ---- Questions and their echoes ----

// An echo server answers in order, so the oldest open question is the one a
// message answers. Nothing else may send on the connection.
class EchoLine {
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

// ---- Echo: text and binary ----

function textEcho(line) {
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

function binaryEcho(line) {
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

// Does act, and shows the message of what it throws as one line.
function attempt(act, errorLine) {
  errorLine.textContent = "";
  try {
    return act();
  } catch (error) {
    errorLine.textContent = error.message.replace(/^Failed to .*?: /, ""); // Chromium names the method first
    return undefined;
  }
}

// ---- Throughput ----

// Keeps some messages on their way for a while, and takes down what they took.
class Run {
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

class Sparkline {
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

class RunPanel {
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

// Says how fine the latencies can be at all.
function noteClock() {
  const step = clockStep();
  if (step < 0.05) return;
  byId("clock-note").textContent = `This browser’s clock moves in steps of about ${fixed(step, step < 1 ? 1 : 0)} ms; latencies are no finer than that.`;
}

// ---- Chat ----

// Peers may send anything: what is not JSON of the expected shape is shown as it came.
function readChat(data) {
  if (typeof data !== "string") return { name: "", text: `${bytesOf(data.byteLength)}: ${contentOf(data)}` };
  try {
    const { name, text } = JSON.parse(data);
    if (typeof name === "string" && typeof text === "string") return { name, text };
  } catch {
    // Plain text, then.
  }
  return { name: "", text: data };
}

function showChat(from, { name, text }) {
  const row = document.createElement("li");
  row.dataset.from = from;
  row.append(span("name", shorten(name, 40) || "unnamed"), span("text", shorten(text, 2000)));
  appendBounded(byId("chat-log"), row, CHAT_ROWS);
}

function chat(connection) {
  connection.onmessage = (data) => {
    connection.log.message(connection.path, "received", data);
    showChat("other", readChat(data));
  };
  connection.addEventListener("state", () => {
    showState(byId("chat-status"), connection.state);
    byId("chat-send").disabled = connection.state !== "open";
  });
  byId("chat-reconnect").addEventListener("click", () => connection.open());
  byId("chat-name").value = `guest ${100 + Math.floor(Math.random() * 900)}`;
  onSubmit(byId("chat-form"), () => sendChat(connection));
}

// The server passes it to everyone else, so we show our own ourselves.
function sendChat(connection) {
  const message = { name: byId("chat-name").value, text: byId("chat-input").value };
  const data = JSON.stringify(message);
  connection.send(data);
  connection.log.message(connection.path, "sent", data);
  showChat("me", message);
  byId("chat-input").value = "";
}

// ---- Connection facts ----

function showFacts(connection) {
  const { socket, state, counts, age } = connection;
  byId("fact-url").textContent = connection.url;
  byId("fact-subprotocol").textContent = socket?.protocol || "none";
  byId("fact-extensions").textContent = socket?.extensions || "none";
  const readyState = socket?.readyState ?? WebSocket.CLOSED;
  showNumber(byId("fact-state"), readyState, `${state} (${readyState})`);
  const buffered = socket?.bufferedAmount ?? 0;
  showNumber(byId("fact-buffered"), buffered, bytesOf(buffered));
  showNumber(byId("fact-connected"), age ?? 0, age === null ? "–" : duration(age));
  showCount("fact-sent-messages", counts.sentMessages);
  showCount("fact-sent-bytes", counts.sentBytes);
  showCount("fact-received-messages", counts.receivedMessages);
  showCount("fact-received-bytes", counts.receivedBytes);
}

function showCount(id, count) {
  showNumber(byId(id), count, whole.format(count));
}

function facts(connection) {
  connection.addEventListener("state", () => showFacts(connection));
  // Counters change without an event, and buffers empty without one.
  setInterval(() => showFacts(connection), 250);
}

// ---- Connecting and closing ----

function status(connection) {
  connection.addEventListener("state", () => {
    const { state } = connection;
    showState(byId("status"), state);
    for (const id of ["echo-send", "hex-send", "random-send", "close-send"]) byId(id).disabled = state !== "open";
  });
}

function connect(connection) {
  const names = byId("subprotocol").value.split(",").map((name) => name.trim()).filter(Boolean);
  attempt(() => connection.open(names), byId("connect-error"));
}

function connecting(echo, room) {
  onSubmit(byId("connect-form"), () => connect(echo));
  byId("reconnect").addEventListener("click", () => {
    connect(echo);
    if (room.state === "closed") room.open();
  });
}

function closing(connection) {
  onSubmit(byId("close-form"), () => {
    attempt(() => connection.close(...closeArguments()), byId("close-error"));
  });
  connection.addEventListener("closed", ({ detail }) => showClosed(detail));
  connection.addEventListener("state", () => {
    if (connection.state === "connecting") forgetClosed();
  });
}

// Which codes are good is the browser's to say. It would read a word as 0, though,
// and an undefined code beside a reason too.
function closeArguments() {
  const code = byId("close-code").value.trim();
  const reason = byId("close-reason").value;
  if (code === "" && reason === "") return [];
  if (code === "") throw new Error("A reason needs a code: the close frame has it after the code.");
  if (!/^[0-9]+$/.test(code)) throw new Error("A close code is a whole number.");
  return [Number(code), reason];
}

function showClosed({ code, reason, wasClean }) {
  byId("closed").dataset.state = "closed";
  showNumber(byId("closed-code"), code, code);
  byId("closed-name").textContent = closeName(code);
  byId("closed-reason").textContent = reason || "none";
  showNumber(byId("closed-clean"), wasClean, wasClean ? "yes, both sides said goodbye" : "no");
  byId("closed-note").textContent = CLOSE_NOTES.get(code) ?? "";
}

function forgetClosed() {
  byId("closed").dataset.state = "none";
  byId("closed-name").textContent = "Not closed yet";
  for (const id of ["closed-code", "closed-reason", "closed-clean"]) {
    byId(id).textContent = "–";
    delete byId(id).dataset.value;
  }
  byId("closed-note").textContent = "";
}

// ---- Putting it together ----

const log = new EventLog();
const echo = new Connection("/echo", log);
const room = new Connection("/chat", log);
const line = new EchoLine(echo);

status(echo);
facts(echo);
connecting(echo, room);
closing(echo);
textEcho(line);
binaryEcho(line);
new RunPanel(echo, line);
chat(room);
noteClock();

echo.open();
room.open();
