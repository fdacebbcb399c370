// The event log: what happened on the connections, for people to read.

import { byId, span } from "./dom.js";
import { bytesOf, shorten, timeOfDay } from "./format.js";
import { appendBounded } from "./list.js";
import { contentOf, kindOf, sizeOf } from "./message.js";
import { showNumber } from "./show.js";

const LOG_ROWS = 200;

export class EventLog {
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
