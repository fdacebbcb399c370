// The chat room, and what its members say.

import { byId, onSubmit, span } from "./dom.js";
import { bytesOf, shorten } from "./format.js";
import { appendBounded } from "./list.js";
import { contentOf } from "./message.js";
import { showState } from "./show.js";

const CHAT_ROWS = 200;

export function chat(connection) {
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
