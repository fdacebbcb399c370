package interop

import (
	"net/http"
	"testing"

	parley "github.com/parleyws/parley/server"
)

// request is lawful.
const request = "GET / HTTP/1.1\r\n" +
	"Host: example.com\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"\r\n"

// A client may send its first frames before it has the answer, and the network
// may cut what it sends anywhere.
func TestBytesBehindTheHeadReachTheServerHoweverTheyAreCutS4(t *testing.T) {
	const all = request + hello + bye
	doors := []door{{name: direct, serve: withServe}, {name: raw, serve: withAcceptConn}}
	for _, p := range proxies {
		doors = append(doors, door{p.name, withServe, &p, nil}, door{p.name + " before " + raw, withAcceptConn, &p, nil})
	}
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			server := startBackEnd(t, d.serve, parley.Options{HandshakeTimeout: patience})
			door := server.addr
			if d.proxy != nil {
				door = d.proxy.before(t, server.addr)[0]
			}
			for cut := 1; cut <= len(all); cut++ {
				w := connect(t, door)
				w.send(all[:cut])
				early := cut >= len(request) // the answer comes before the rest is sent
				var a answer
				if early {
					a = w.answer(http.MethodGet)
				}
				w.send(all[cut:])
				if !early {
					a = w.answer(http.MethodGet)
				}
				wantEcho(t, cut, w, a, server)
			}
			w := connect(t, door)
			for i := range len(all) {
				w.send(all[i : i+1])
			}
			wantEcho(t, 0, w, w.answer(http.MethodGet), server)
		})
	}
}

// wantEcho checks what comes for hello and bye.
func wantEcho(t *testing.T, cut int, w *wire, a answer, server *backEnd) {
	t.Helper()
	rest := w.rest()
	visits := server.left(t)
	if !a.opened || rest != helloBack+byeBack || len(visits) != 1 {
		t.Fatalf("cut behind %d bytes: %d, %q, %d connections; want 101, the echo and a close", cut, a.status, rest, len(visits))
	}
	if got := visits[0].received; string(got[max(0, len(got)-len(hello+bye)):]) != hello+bye {
		t.Errorf("cut behind %d bytes: the server got %q, want the two frames behind the head", cut, got)
	}
}
