// The state at the top, and the buttons that need an open connection.

import { byId } from "./dom.js";
import { showState } from "./show.js";

export function status(connection) {
  connection.addEventListener("state", () => {
    const { state } = connection;
    showState(byId("status"), state);
    for (const id of ["echo-send", "hex-send", "random-send", "close-send"]) byId(id).disabled = state !== "open";
  });
}
