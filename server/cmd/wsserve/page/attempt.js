// Does act, and shows the message of what it throws as one line.
export function attempt(act, errorLine) {
  errorLine.textContent = "";
  try {
    return act();
  } catch (error) {
    errorLine.textContent = error.message.replace(/^Failed to .*?: /, ""); // Chromium names the method first
    return undefined;
  }
}
