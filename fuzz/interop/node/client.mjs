// A WebSocket client that is not ours, doing one thing to a server.
//
//   node client.mjs LIBRARY URL CASE [JSON]
//
// LIBRARY is ws or undici. CASE is a function of cases.mjs, or of wire.mjs when
// the browser's API is not enough (ws only); JSON is its options. What was
// seen is printed as one line of JSON, last on standard output; what could not
// be is an error and a status other than 0.

import { WebSocket as WS } from 'ws';
import { WebSocket as Undici } from 'undici';
import * as cases from './cases.mjs';
import * as wire from './wire.mjs';

const connect = {
  ws: (url, { protocols = [], deflate = false } = {}) =>
    new WS(url, protocols, { perMessageDeflate: deflate && { threshold: 0, ...deflate } }),
  undici: (url, { protocols = [] } = {}) => new Undici(url, protocols),
};

const [library, url, name, json = '{}'] = process.argv.slice(2);
const known = library === 'ws' ? { ...cases, ...wire } : cases;
if (!(library in connect) || !(name in known)) {
  console.error(`no case ${name} for ${library}`);
  process.exit(2);
}

// A promise that nothing settles lets Node end quietly: no report, status 13.
const seen = await known[name](connect[library], url, JSON.parse(json));
console.log(JSON.stringify(seen));
