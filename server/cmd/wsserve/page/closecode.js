// What close codes mean.

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

export function closeName(code) {
  if (CLOSE_NAMES.has(code)) return CLOSE_NAMES.get(code);
  return code >= 4000 && code <= 4999 ? "Private use" : "Unassigned";
}

// Empty for a code that needs none.
export function closeNote(code) {
  return CLOSE_NOTES.get(code) ?? "";
}
