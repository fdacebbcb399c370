// Closing with a code and a reason, and how the connection was closed.

import { attempt } from "./attempt.js";
import { closeName, closeNote } from "./closecode.js";
import { byId, onSubmit } from "./dom.js";
import { showNumber } from "./show.js";

export function closing(connection) {
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
  byId("closed-note").textContent = closeNote(code);
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
