// What only ws can do: control frames, fragments, bytes of one's own, and
// counting what goes over the wire.

import assert from 'node:assert/strict';
import { closed, echo, hangUp, opened } from './events.mjs';
import { noise, prose } from './payload.mjs';

// upgraded also resolves with the server's answer, whose socket carries the frames.
async function upgraded(socket) {
  const answer = new Promise((resolve) => socket.once('upgrade', resolve));
  await opened(socket);
  const response = await answer;
  return { socket, wire: response.socket, extensions: response.headers['sec-websocket-extensions'] ?? '' };
}

// ping expects each payload back, RFC 6455 section 5.5.3.
export async function ping(connect, url, options) {
  const { socket } = await upgraded(connect(url, options));
  const payloads = ['', 'p', 'x'.repeat(125)];
  for (const payload of payloads) {
    const pong = new Promise((resolve) => socket.once('pong', resolve));
    socket.ping(payload);
    assert.equal((await pong).toString(), payload);
  }
  return { pongs: payloads.length, ...(await hangUp(socket)) };
}

// fragments sends one message in pieces, a rune cut in two, with a ping
// between them: the pong comes before the message is complete.
export async function fragments(connect, url, options) {
  const { socket } = await upgraded(connect(url, options));
  const order = [];
  socket.on('pong', () => order.push('pong'));
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())));
  socket.once('message', () => order.push('message'));

  const bytes = Buffer.from('κόσμε ☃');
  const part = (from, to, fin) => socket.send(bytes.subarray(from, to), { fin, binary: false });
  part(0, 1, false);
  part(1, 4, false);
  const pong = new Promise((resolve) => socket.once('pong', resolve));
  socket.ping();
  await pong;
  part(4, 4, false);
  part(4, bytes.length, true);

  assert.equal(await answer, bytes.toString());
  return { order, ...(await hangUp(socket)) };
}

// raw writes bytes as they are, and reports how the server ended it.
export async function raw(connect, url, { hex, ...options }) {
  const { socket, wire } = await upgraded(connect(url, options));
  const end = closed(socket);
  wire.write(Buffer.from(hex, 'hex'));
  return end;
}

// compressed echoes text that compresses well and noise that does not, then
// one piece of 200 bytes twice, and counts the bytes of each echo both ways. The
// piece is the same 100 bytes of noise over again, so that by itself it takes 100
// and a little; only a context that was taken over makes the second shorter.
export async function compressed(connect, url, options) {
  const { socket, wire, extensions } = await upgraded(connect(url, options));
  const cost = async (message) => {
    const [sent, received] = [wire.bytesWritten, wire.bytesRead];
    assert.deepEqual(await echo(socket, message), message);
    return { sent: wire.bytesWritten - sent, received: wire.bytesRead - received };
  };
  const words = prose(200_000);
  const piece = Buffer.concat([noise(100, 99), noise(100, 99)]);
  const seen = {
    size: words.length,
    prose: await cost(words),
    noise: await cost(noise(70_000)),
    first: await cost(piece),
    again: await cost(piece),
    empty: await cost(''),
  };
  return { extensions, ...seen, ...(await hangUp(socket)) };
}
