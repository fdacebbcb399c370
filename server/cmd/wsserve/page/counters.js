// How much went over the connection.

import { byId } from "./dom.js";
import { whole } from "./format.js";
import { showNumber } from "./show.js";

const TICK = 250; // ms
const AT_ONCE = 16; // changes shown at once between two ticks

// What is sent by hand shows at once. More changes than that are a throughput
// run, and drawing each of them would slow down what is being measured: they
// wait for the tick.
export function counters(connection) {
  let shown = 0;
  connection.oncount = () => {
    if (shown >= AT_ONCE) return;
    shown++;
    showCounts(connection.counts);
  };
  connection.addEventListener("state", () => showCounts(connection.counts)); // a new connection counts from 0
  setInterval(() => {
    shown = 0;
    showCounts(connection.counts);
  }, TICK);
}

function showCounts(counts) {
  showCount("fact-sent-messages", counts.sentMessages);
  showCount("fact-sent-bytes", counts.sentBytes);
  showCount("fact-received-messages", counts.receivedMessages);
  showCount("fact-received-bytes", counts.receivedBytes);
}

function showCount(id, count) {
  showNumber(byId(id), count, whole.format(count));
}
