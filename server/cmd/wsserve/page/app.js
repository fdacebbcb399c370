// The page that wsserve serves at "/": a place to try a WebSocket server by
// hand. Everything is a module, so nothing is global.
//
// This file only wires the parts together; every other is named after what it
// holds. The parts do not import each other: they are handed the connection, or
// the line of questions over it, and import only smaller pieces.
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

import { binaryEcho } from "./binary.js";
import { chat } from "./chat.js";
import { noteClock } from "./clock.js";
import { closing } from "./closing.js";
import { connecting } from "./connecting.js";
import { Connection } from "./connection.js";
import { counters } from "./counters.js";
import { textEcho } from "./echo.js";
import { EchoLine } from "./echoline.js";
import { facts } from "./facts.js";
import { EventLog } from "./log.js";
import { status } from "./status.js";
import { RunPanel } from "./throughput.js";

const log = new EventLog();
const echo = new Connection("/echo", log);
const room = new Connection("/chat", log);
const line = new EchoLine(echo);

status(echo);
facts(echo);
counters(echo);
connecting(echo, room);
closing(echo);
textEcho(line);
binaryEcho(line);
new RunPanel(echo, line);
chat(room);
noteClock();

echo.open();
room.open();
