// The browser's WebSocket API as promises.

// once resolves with the next event of that type, and rejects if the
// connection fails or ends before it.
export function once(socket, type) {
  return new Promise((resolve, reject) => {
    const done = (settle) => (event) => {
      for (const [t, f] of listeners) socket.removeEventListener(t, f);
      settle(event);
    };
    const listeners = [[type, done(resolve)]];
    if (type !== 'error' && type !== 'close') {
      listeners.push(['error', done((e) => reject(e.error ?? new Error('the connection failed')))]);
    }
    if (type !== 'close') {
      listeners.push(['close', done((e) => reject(new Error(`closed with ${e.code} while waiting for ${type}`)))]);
    }
    for (const [t, f] of listeners) socket.addEventListener(t, f);
  });
}

export async function opened(socket) {
  socket.binaryType = 'arraybuffer';
  await once(socket, 'open');
  return socket;
}

// echo sends data and resolves with what comes back, a string or a Buffer.
export async function echo(socket, data) {
  const answer = once(socket, 'message');
  socket.send(data);
  const { data: got } = await answer;
  return typeof got === 'string' ? got : Buffer.from(got);
}

// closed resolves with how the connection ended. Call it before the end.
export async function closed(socket) {
  socket.addEventListener('error', () => {}); // the close event tells it all
  const { code, reason, wasClean } = await once(socket, 'close');
  return { code, reason, wasClean };
}

// hangUp closes the connection and waits until it has ended.
export async function hangUp(socket, code = 1000, reason = '') {
  const end = closed(socket);
  socket.close(code, reason);
  return end;
}
