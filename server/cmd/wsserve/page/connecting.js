// Connecting anew, with the subprotocols to ask for.

import { attempt } from "./attempt.js";
import { byId, onSubmit } from "./dom.js";

export function connecting(echo, room) {
  onSubmit(byId("connect-form"), () => connect(echo));
  byId("reconnect").addEventListener("click", () => {
    connect(echo);
    if (room.state === "closed") room.open();
  });
}

function connect(connection) {
  const names = byId("subprotocol").value.split(",").map((name) => name.trim()).filter(Boolean);
  attempt(() => connection.open(names), byId("connect-error"));
}
