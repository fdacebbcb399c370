// Node's zlib as one endpoint of permessage-deflate (RFC 7692), for as many
// connections as it is asked for.
//
//   node zlib.mjs
//
// A request on standard input, numbers big endian:
//
//   length of what follows    4 bytes
//   number of the request     4 bytes
//   what to do                1 byte: i to inflate messages, d to deflate them
//   who sent the messages     1 byte: s the server, c the client
//   the agreed header field   2 bytes of length, then the text
//   messages, to the end      4 bytes of length each, then the bytes
//
// An answer on standard output, which need not come in the order of requests:
//
//   length of what follows    4 bytes
//   number of the request     4 bytes
//   how many messages follow  4 bytes
//   messages                  4 bytes of length each, then the bytes
//   why there are no more     to the end, empty if all were done
//
// It ends when standard input ends.

import zlib from 'node:zlib';

const flush = zlib.constants.Z_SYNC_FLUSH;
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]); // RFC 7692 section 7.2.1

// agreed reads what the header field says of the messages of one side.
function agreed(field, sender) {
  const side = { s: 'server', c: 'client' }[sender];
  const params = new Map(field.split(';').slice(1).map((param) => param.trim().split('=')));
  return {
    windowBits: Number(params.get(`${side}_max_window_bits`) ?? 15),
    takeover: !params.has(`${side}_no_context_takeover`),
  };
}

// Codec gives a stream of zlib one message at a time.
class Codec {
  #stream;
  #takeover;
  #pieces = [];
  #fail;

  constructor(stream, takeover) {
    this.#stream = stream;
    this.#takeover = takeover;
    stream.on('data', (piece) => this.#pieces.push(piece));
    stream.on('error', (error) => this.#fail(error));
  }

  // run resolves with all that comes of message. Without takeover, what went
  // before is forgotten first.
  run(message) {
    if (!this.#takeover) this.#stream.reset();
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#stream.write(message, (error) => {
        if (error) return;
        const whole = Buffer.concat(this.#pieces);
        this.#pieces = [];
        resolve(whole);
      });
    });
  }

  close() {
    this.#stream.close();
  }
}

// inflater refuses a distance beyond the window, but only if that leads out of
// the piece of output it is at: what is in the piece, zlib does not hold against
// the window. So pieces are short.
function inflater({ windowBits, takeover }) {
  const chunkSize = Math.max(64, 2 ** windowBits / 4);
  const c = new Codec(zlib.createInflateRaw({ windowBits, chunkSize, flush }), takeover);
  return { run: (payload) => c.run(Buffer.concat([payload, tail])), close: () => c.close() };
}

// deflater takes 8 bits for 9, as Node does, since zlib has no such window. It
// keeps to 8 all the same: zlib looks back no further than the window less 262
// bytes, which of 512 leaves 250.
function deflater({ windowBits, takeover }) {
  const c = new Codec(zlib.createDeflateRaw({ windowBits, flush }), takeover);
  const run = async (message) => {
    if (message.length === 0) return Buffer.from([0x00]); // zlib flushes nothing twice; RFC 7692 section 7.2.3.6
    const out = await c.run(message);
    if (!out.subarray(-4).equals(tail)) throw new Error('a flush ended without 00 00 FF FF');
    return out.subarray(0, -4);
  };
  return { run, close: () => c.close() };
}

function parseRequest(request) {
  const end = 8 + request.readUInt16BE(6);
  const messages = [];
  for (let at = end; at < request.length; ) {
    const length = request.readUInt32BE(at);
    messages.push(request.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return {
    number: request.readUInt32BE(0),
    act: request.toString('latin1', 4, 5),
    sender: request.toString('latin1', 5, 6),
    field: request.toString('latin1', 8, end),
    messages,
  };
}

const number = (n) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
};

async function answer(request) {
  const { number: id, act, sender, field, messages } = parseRequest(request);
  const done = [];
  let why = '';
  try {
    const z = { i: inflater, d: deflater }[act](agreed(field, sender));
    for (const message of messages) done.push(await z.run(message));
    z.close();
  } catch (error) {
    why = error.message;
  }
  const parts = [number(id), number(done.length)];
  for (const message of done) parts.push(number(message.length), message);
  parts.push(Buffer.from(why));
  const whole = Buffer.concat(parts);
  process.stdout.write(Buffer.concat([number(whole.length), whole]));
}

let pieces = [];
let have = 0;
let want = 4;
for await (const piece of process.stdin) {
  pieces.push(piece);
  have += piece.length;
  if (have < want) continue;
  let bytes = Buffer.concat(pieces);
  while (bytes.length >= (want = bytes.length < 4 ? 4 : 4 + bytes.readUInt32BE(0))) {
    answer(bytes.subarray(4, want));
    bytes = bytes.subarray(want);
  }
  pieces = [bytes];
  have = bytes.length;
}
