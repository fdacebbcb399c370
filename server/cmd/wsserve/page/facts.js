// What the browser knows of the connection.

import { byId } from "./dom.js";
import { bytesOf, duration } from "./format.js";
import { showNumber } from "./show.js";

export function facts(connection) {
  connection.addEventListener("state", () => showFacts(connection));
  // Time passes without an event, and buffers empty without one.
  setInterval(() => showFacts(connection), 250);
}

function showFacts(connection) {
  const { socket, state, age } = connection;
  byId("fact-url").textContent = connection.url;
  byId("fact-subprotocol").textContent = socket?.protocol || "none";
  byId("fact-extensions").textContent = socket?.extensions || "none";
  const readyState = socket?.readyState ?? WebSocket.CLOSED;
  showNumber(byId("fact-state"), readyState, `${state} (${readyState})`);
  const buffered = socket?.bufferedAmount ?? 0;
  showNumber(byId("fact-buffered"), buffered, bytesOf(buffered));
  showNumber(byId("fact-connected"), age ?? 0, age === null ? "–" : duration(age));
}
