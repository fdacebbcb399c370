// What a client can do with the browser's API. Each case connects, acts,
// asserts what comes back, and returns facts for the Go test to judge.

import assert from 'node:assert/strict';
import { closed, echo, hangUp, opened } from './events.mjs';
import { noise, prose } from './payload.mjs';

export async function text(connect, url, options) {
  const socket = await opened(connect(url, options));
  for (const message of ['hello', '', 'κόσμε ☃ 𝄞', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65536)]) {
    assert.equal(await echo(socket, message), message);
  }
  return { extensions: socket.extensions, ...(await hangUp(socket)) };
}

export async function binary(connect, url, options) {
  const socket = await opened(connect(url, options));
  for (const size of [0, 1, 125, 126, 65535, 65536]) {
    assert.deepEqual(await echo(socket, noise(size)), noise(size));
  }
  return { extensions: socket.extensions, ...(await hangUp(socket)) };
}

// mebibyte sends as much as the server takes by default, to the byte.
export async function mebibyte(connect, url, options) {
  const socket = await opened(connect(url, options));
  const bytes = noise(1 << 20);
  assert.deepEqual(await echo(socket, bytes), bytes);
  const words = prose(1 << 20).slice(0, 1 << 20);
  assert.equal(await echo(socket, words), words);
  return { extensions: socket.extensions, ...(await hangUp(socket)) };
}

// pipelined sends without waiting: the answers come in order, none missing.
export async function pipelined(connect, url, { count, ...options }) {
  const socket = await opened(connect(url, options));
  const got = [];
  const all = new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => got.push(data) === count && resolve());
    socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code} after ${got.length}`)));
  });
  for (let i = 0; i < count; i++) socket.send(`message ${i}`);
  await all;
  got.forEach((data, i) => assert.equal(data, `message ${i}`));
  return hangUp(socket);
}

export async function subprotocol(connect, url, options) {
  const socket = await opened(connect(url, options));
  return { protocol: socket.protocol, ...(await hangUp(socket)) };
}

export async function closes(connect, url, { code, reason, ...options }) {
  const socket = await opened(connect(url, options));
  return hangUp(socket, code, reason);
}

// waits says "open" on standard output, then waits for the server to close.
export async function waits(connect, url, options) {
  const socket = await opened(connect(url, options));
  const end = closed(socket);
  console.log('open');
  return end;
}

// tooBig sends a message longer than the server takes.
export async function tooBig(connect, url, { size, ...options }) {
  const socket = await opened(connect(url, options));
  const end = closed(socket);
  socket.send(Buffer.alloc(size));
  return end;
}

// room joins twice, speaks from each, and returns what each heard. Messages of
// one sender keep their order, and so do messages to one receiver, so the marks
// prove that nothing is still on its way.
export async function room(connect, url, options) {
  const [a, b] = await Promise.all([opened(connect(url, options)), opened(connect(url, options))]);
  const heard = { a: [], b: [] };
  a.addEventListener('message', ({ data }) => data.startsWith('from') && heard.a.push(data));
  b.addEventListener('message', ({ data }) => data.startsWith('from') && heard.b.push(data));
  const say = async (from, to, mark, ...messages) => {
    const arrived = new Promise((resolve) => {
      to.addEventListener('message', ({ data }) => data === mark && resolve());
    });
    for (const message of [...messages, mark]) from.send(message);
    await arrived;
  };

  await say(a, b, 'mark 1', 'from a');
  await say(b, a, 'mark 2', 'from b');
  await say(a, b, 'mark 3');

  await Promise.all([hangUp(a), hangUp(b)]);
  return heard;
}
