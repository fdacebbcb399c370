package interop

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	parley "github.com/parleyws/parley/server"
)

// lane is a server for each of the options, and a door before each. One case at
// a time goes through a lane, so that what a server records is of that case.
type lane struct {
	servers []*backEnd
	doors   []string
}

// lanes is how many there are: more than processors, for net/http takes its time
// to say goodbye to a client that it has not read to the end.
const lanes = 8

// startLanes starts servers, and what is before them.
func (d door) startLanes(t *testing.T, options []parley.Options) []lane {
	t.Helper()
	list := make([]lane, lanes)
	var doors []string
	for i := range list {
		for _, opts := range options {
			b := startBackEnd(t, d.serve, opts)
			list[i].servers = append(list[i].servers, b)
			doors = append(doors, b.addr)
		}
	}
	if d.proxy != nil {
		doors = d.proxy.before(t, doors...)
	}
	for i := range list {
		list[i].doors = doors[i*len(options):][:len(options)]
	}
	return list
}

// knockAll makes every request, and returns the verdicts by the names of cases.
func (d door) knockAll(t *testing.T, list []opening, options []parley.Options) map[string]verdict {
	queue := make(chan opening)
	got := map[string]verdict{}
	var mu sync.Mutex
	var busy sync.WaitGroup
	for _, l := range d.startLanes(t, options) {
		busy.Go(func() {
			for o := range queue {
				t.Run(o.Name, func(t *testing.T) {
					v := l.knock(t, o)
					d.judge(t, o, v)
					mu.Lock()
					defer mu.Unlock()
					got[o.Name] = v
				})
			}
		})
	}
	for _, o := range list {
		if o.request != "" && !d.makesOf(o, 0) {
			queue <- o
		}
	}
	close(queue)
	busy.Wait()
	return got
}

// knock makes the request of a case, with bytes behind it, and looks at the
// answer and at what reached the server.
func (l lane) knock(t *testing.T, o opening) verdict {
	door, server := l.doors[o.setup], l.servers[o.setup]
	behind := second
	if o.Accept != nil {
		behind = hello + bye
	}
	server.left(t) // of a case that failed
	w := connect(t, door)
	w.send(o.request + behind)
	a := w.answer(o.method())
	rest := w.rest()
	visits := server.left(t)
	if a.opened {
		wantOpened(t, o, a, visits)
		if o.Accept != nil && rest != helloBack+byeBack {
			t.Errorf("behind the head came %q, want the echo and a close", rest)
		}
		return verdict{status: a.status, header: a.header}
	}
	v := verdict{a.status, a.reason(), a.header, !slices.ContainsFunc(visits, func(v *visit) bool {
		return strings.HasPrefix(string(v.sent[min(len(v.sent), len("HTTP/1.1 ")):]), fmt.Sprint(a.status))
	})}
	wantRefused(t, o, rest, visits, door == server.addr)
	l.knockAndPing(t, o, a)
	return v
}

// wantOpened checks an answer of 101, RFC 6455 4.2.2, test S7.
func wantOpened(t *testing.T, o opening, a answer, visits []*visit) {
	t.Helper()
	if len(visits) != 1 || !visits[0].handled {
		t.Errorf("status 101, but not from the server")
	}
	for name, want := range map[string]string{"Upgrade": "websocket", "Connection": "upgrade"} {
		if got := a.header[name]; len(got) != 1 || !strings.EqualFold(got[0], want) {
			t.Errorf("%s: %q, want one %q", name, got, want)
		}
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding"} {
		if got, ok := a.header[name]; ok {
			t.Errorf("%s: %q in an answer of 101", name, got)
		}
	}
	if got := a.header["Sec-Websocket-Accept"]; len(got) != 1 || o.Accept != nil && got[0] != o.Accept.Key {
		t.Errorf("Sec-WebSocket-Accept: %q, want one that answers the key", got)
	}
	if o.Accept != nil {
		wantAgreed(t, o, a.header)
	}
}

// wantAgreed checks what was agreed to.
func wantAgreed(t *testing.T, o opening, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Sec-Websocket-Protocol":   o.Accept.Subprotocol,
		"Sec-Websocket-Extensions": o.Accept.Extensions,
	} {
		if got := strings.Join(h[name], ", "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// wantRefused checks what followed a refusal: rest came to the client, visits
// to the server. Nothing may have been answered behind it by the server itself,
// and by a proxy as plain HTTP only.
func wantRefused(t *testing.T, o opening, rest string, visits []*visit, alone bool) {
	t.Helper()
	if alone && rest != "" {
		t.Errorf("behind the refusal came %q, want nothing", rest)
	}
	if err := onlyHTTP(rest); err != nil {
		t.Errorf("behind the refusal came %q: %v", rest, err)
	}
	for _, v := range visits {
		if v.handled {
			t.Errorf("refused, but the application was called for %q", v.received)
		}
		answers := bufio.NewReader(strings.NewReader(string(v.sent)))
		if resp, err := http.ReadResponse(answers, &http.Request{Method: o.method()}); err == nil && !resp.Close {
			t.Errorf("the server does not say that it closes: %q", v.sent)
		}
		if alone {
			continue // where it shares a connection with what it stands behind
		}
		if at := strings.Index(string(v.received), second[:len("GET /second")]); at > 0 {
			t.Errorf("bytes behind the refusal reached the server: %q", v.received)
		}
		if strings.Contains(string(v.received), tunnelPing) {
			t.Errorf("a ping behind the refusal reached the server: %q", v.received)
		}
	}
}

// knockAndPing makes the request of a refusal again, and once it is refused goes
// on as if it were not.
func (l lane) knockAndPing(t *testing.T, o opening, before answer) {
	t.Helper()
	door, server := l.doors[o.setup], l.servers[o.setup]
	w := connect(t, door)
	w.send(o.request)
	if incomplete(o.request) { // and who reads it all first would wait
		w.send(tunnelPing)
	}
	if a := w.answer(o.method()); a.status != before.status || a.reason() != before.reason() {
		t.Errorf("answered %d %q, then %d %q", before.status, before.reason(), a.status, a.reason())
	}
	w.send(tunnelPing)
	rest := w.rest()
	if strings.Contains(rest, tunnelPong) {
		t.Errorf("a ping behind the refusal was answered: %q", rest)
	}
	wantRefused(t, o, rest, server.left(t), door == server.addr)
}

// incomplete reports whether a lawful reader waits for more of the request.
func incomplete(request string) bool {
	_, err := plainRequests([]byte(request))
	return err != nil && strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error())
}

// onlyHTTP returns an error unless s is HTTP responses, none of which switches
// protocols.
func onlyHTTP(s string) error {
	r := bufio.NewReader(strings.NewReader(s))
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return nil
		}
		a, err := nextAnswer(r, http.MethodGet)
		if err != nil {
			return err
		}
		if a.opened {
			return fmt.Errorf("status 101")
		}
	}
}
