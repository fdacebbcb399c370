package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/parleyws/parley/deflate"
)

// messagesPerRow is how many messages each direction of an agreement carries,
// each way. With the race detector it is fewer.
var messagesPerRow = 200

// zlib inflates with exactly the agreed window and refuses what leads out of it;
// how far matches reach is measured as well.
func TestZlibAndOursUnderstandEachOtherUnderEveryAgreement(t *testing.T) { // RFC 7692 7.1, 7.2
	z := startZlib(t)
	rows := agreements()
	if len(rows) != 256 {
		t.Fatalf("%d agreements, want 8 windows x 8 windows x 2 takeovers x 2 takeovers", len(rows))
	}
	var total tally
	var busy sync.WaitGroup
	next := make(chan agreement)
	for range 4 {
		busy.Add(1)
		go func() {
			defer busy.Done()
			for a := range next {
				for _, d := range a.directions(t) {
					d.oursToZlib(t, z, &total)
					d.zlibToOurs(t, z, &total)
				}
			}
		}()
	}
	for _, row := range rows {
		next <- row
	}
	close(next)
	busy.Wait()
	total.check(t)
}

// agreement is a row of the matrix.
type agreement struct {
	number int
	want   deflate.Params // what shall be agreed on
}

// agreements returns the whole matrix.
func agreements() []agreement {
	var all []agreement
	for serverBits := 8; serverBits <= 15; serverBits++ {
		for clientBits := 8; clientBits <= 15; clientBits++ {
			for alone := range 4 {
				all = append(all, agreement{len(all), deflate.Params{
					ServerMaxWindowBits: serverBits, ServerNoContextTakeover: alone&1 != 0,
					ClientMaxWindowBits: clientBits, ClientNoContextTakeover: alone&2 != 0,
				}})
			}
		}
	}
	return all
}

// negotiate has a client and a server come to the agreement, and returns what
// each of them makes of it. In every other row it is the client who asks,
// otherwise the server. The client's own takeover is the server's to forbid or
// the client's to give up, so it is told to both.
func (a agreement) negotiate(t *testing.T) (client, server deflate.Params, field string) {
	offer, want := deflate.Offer{ClientWindow: true}, a.want
	if a.number%2 == 0 {
		offer.Params, want = a.want, deflate.Params{ClientNoContextTakeover: a.want.ClientNoContextTakeover}
	}
	read, err := deflate.ParseOffer(offer.All())
	if err != nil {
		t.Errorf("%v: %v", a, err)
	}
	server, ok := read.Accept(want)
	if !ok {
		t.Errorf("%v: the offer is declined", a)
	}
	client, err = deflate.ParseResponse(server.All())
	if err == nil {
		err = offer.Verify(client)
	}
	if err != nil {
		t.Errorf("%v: %v", a, err)
	}
	if client != a.want || server != a.want {
		t.Errorf("the client agreed on %+v, the server on %+v, want %+v", client, server, a.want)
	}
	return client, server, headerField(server.All())
}

func headerField(params iter.Seq2[string, string]) string {
	var field strings.Builder
	field.WriteString(deflate.Name)
	for name, value := range params {
		field.WriteString("; " + name)
		if value != "" {
			field.WriteString("=" + value)
		}
	}
	return field.String()
}

// sending is one direction of an agreement.
type sending struct {
	number       int // of the messages
	field        string
	sender       byte              // 's' or 'c'
	ours, theirs deflate.Direction // as the sender and the receiver understand it, when they are ours
	level        int
}

// directions returns both directions of an agreement. A window and a
// takeover are on each side of sixteen agreements, with other messages each time
// and the default level every other time.
func (a agreement) directions(t *testing.T) []sending {
	client, server, field := a.negotiate(t)
	level := func(others int) int { return 9 * (others & 1) }
	return []sending{
		{2 * a.number, field, 's', server.FromServer(), client.FromServer(), level(client.ClientMaxWindowBits)},
		{2*a.number + 1, field, 'c', client.FromClient(), server.FromClient(), level(client.ServerMaxWindowBits)},
	}
}

func (d sending) String() string {
	return fmt.Sprintf("%s, messages %d of %c, level %d", d.field, d.number, d.sender, d.level)
}

func (d sending) messages() [][]byte {
	return sentMessages(messagesPerRow, d.ours.WindowBits, d.number)
}

// oursToZlib sends messages as our endpoint and receives them as zlib.
func (d sending) oursToZlib(t *testing.T, z *zlib, total *tally) {
	compressor, err := deflate.NewCompressor(d.ours, d.level)
	if err != nil {
		t.Errorf("%v: %v", d, err)
		return
	}
	defer compressor.Free()
	var messages, payloads [][]byte // that are smaller; the others go uncompressed and leave no trace
	for i, message := range d.messages() {
		payload, ok := compressor.Append(nil, message)
		if !ok {
			continue
		}
		if len(payload) >= len(message) {
			t.Errorf("%v: message %d of %d bytes takes %d", d, i, len(message), len(payload))
		}
		messages, payloads = append(messages, message), append(payloads, payload)
	}
	got, err := z.inflate(d.field, d.sender, payloads)
	if err != nil {
		t.Errorf("%v: zlib refuses our message %d of %d: %v", d, len(got), len(payloads), err)
		return
	}
	for i := range got {
		if !bytes.Equal(got[i], messages[i]) {
			t.Errorf("%v: zlib inflates our message %d to %d bytes, want the %d that it was", d, i, len(got[i]), len(messages[i]))
			return
		}
	}
	d.measure(t, payloads, &total.ours, total)
}

// zlibToOurs sends messages as zlib and receives them as our endpoint, every
// other one in two pieces.
func (d sending) zlibToOurs(t *testing.T, z *zlib, total *tally) {
	messages := d.messages()
	payloads, err := z.deflate(d.field, d.sender, messages)
	if err != nil {
		t.Errorf("%v: zlib deflates %d messages: %v", d, len(payloads), err)
		return
	}
	decompressor := deflate.NewDecompressor(d.theirs)
	defer decompressor.Free()
	for i, payload := range payloads {
		var got []byte
		if i%2 == 0 {
			got, err = decompressor.Append(nil, payload, int64(len(messages[i])))
		} else {
			got, err = inflateInTwo(decompressor, payload, (d.number+i)%len(payload))
		}
		if err != nil || !bytes.Equal(got, messages[i]) {
			t.Errorf("%v: we inflate message %d of zlib to %d bytes (%v), want the %d that it was", d, i, len(got), err, len(messages[i]))
			return
		}
	}
	d.measure(t, payloads, &total.zlibs, total)
}

func inflateInTwo(d *deflate.Decompressor, payload []byte, cut int) (out []byte, err error) {
	for i, piece := range [][]byte{payload[:cut], payload[cut:]} {
		d.Feed(piece, i == 1)
		for {
			b, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return out, err
			}
			out = append(out, b...)
		}
	}
	return out, nil
}

// measure checks that no match reaches beyond the window, or into a message
// that is forgotten.
func (d sending) measure(t *testing.T, payloads [][]byte, by *reaches, total *tally) {
	r, had := reach{}, 0
	for i, payload := range payloads {
		size, err := r.measure(payload, had)
		if err != nil {
			t.Errorf("%v: message %d: %v", d, i, err)
			return
		}
		if d.ours.ContextTakeover {
			had += size
		}
	}
	if window := 1 << d.ours.WindowBits; r.longest > window {
		t.Errorf("%v: a match of %d bytes back, beyond the window of %d", d, r.longest, window)
	}
	total.add(by, d.ours, r, len(payloads))
}

// tally is what all directions saw together.
type tally struct {
	mu          sync.Mutex // for all that is below
	ours, zlibs reaches
}

type reaches map[deflate.Direction]seenReach

type seenReach struct {
	reach
	messages int // that were compressed
}

func (total *tally) add(to *reaches, d deflate.Direction, r reach, messages int) {
	total.mu.Lock()
	defer total.mu.Unlock()
	if *to == nil {
		*to = make(reaches)
	}
	seen := (*to)[d]
	seen.longest, seen.before, seen.messages = max(seen.longest, r.longest), seen.before+r.before, seen.messages+messages
	(*to)[d] = seen
}

// check makes sure that windows and contexts were used at all: who never looks
// back keeps to any window.
func (total *tally) check(t *testing.T) {
	for name, all := range map[string]reaches{"ours": total.ours, "zlib's": total.zlibs} {
		for kind := range 16 {
			d := deflate.Direction{WindowBits: 8 + kind/2, ContextTakeover: kind%2 == 1}
			seen := all[d]
			t.Logf("%s: %d bits, takeover %v: %d compressed messages, %d matches into earlier ones, the longest distance %d",
				name, d.WindowBits, d.ContextTakeover, seen.messages, seen.before, seen.longest)
			// zlib has the window less 262 bytes, and 512 for 256.
			if most := 1 << d.WindowBits; seen.longest < most*2/5 {
				t.Errorf("%s: %+v: the longest distance is %d, want the window used", name, d, seen.longest)
			}
			if (seen.before > 0) != d.ContextTakeover {
				t.Errorf("%s: %+v: %d matches into earlier messages", name, d, seen.before)
			}
			if least := 32 * messagesPerRow / 4; seen.messages < least {
				t.Errorf("%s: %+v: %d messages compressed, want at least %d", name, d, seen.messages, least)
			}
		}
	}
}

// The oracle is one only if it notices.
func TestZlibRefusesWhatWasNotAgreed(t *testing.T) { // RFC 7692 7.1
	z := startZlib(t)
	messages := sentMessages(messagesPerRow, 12, 1)
	compress := func(d deflate.Direction) (payloads [][]byte) {
		c, err := deflate.NewCompressor(d, 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range messages {
			if payload, ok := c.Append(nil, message); ok {
				payloads = append(payloads, payload)
			}
		}
		return payloads
	}
	cases := []struct {
		name  string
		ours  deflate.Direction
		field string // of which zlib holds us to
		why   string // "" if there is nothing to refuse
	}{
		{"as agreed", deflate.Direction{WindowBits: 9, ContextTakeover: true}, "; server_max_window_bits=9", ""},
		{"15 bits for 9", deflate.Direction{WindowBits: 15, ContextTakeover: true}, "; server_max_window_bits=9", "invalid distance too far back"},
		{"15 bits for 9 without takeover", deflate.Direction{WindowBits: 15}, "; server_no_context_takeover; server_max_window_bits=9", "invalid distance too far back"},
		{"9 bits for 8", deflate.Direction{WindowBits: 9, ContextTakeover: true}, "; server_max_window_bits=8", "invalid distance too far back"},
		{"takeover for none", deflate.Direction{WindowBits: 15, ContextTakeover: true}, "; server_no_context_takeover", "invalid distance too far back"},
		{"the client's window for the server's", deflate.Direction{WindowBits: 15, ContextTakeover: true}, "; server_max_window_bits=9; client_max_window_bits=15", "invalid distance too far back"},
	}
	for _, c := range cases {
		payloads := compress(c.ours)
		inflated, err := z.inflate(deflate.Name+c.field, 's', payloads)
		switch {
		case c.why == "" && (err != nil || len(inflated) != len(payloads)):
			t.Errorf("%s: zlib inflates %d of %d messages: %v", c.name, len(inflated), len(payloads), err)
		case c.why != "" && (err == nil || err.Error() != c.why):
			t.Errorf("%s: zlib says %v, want %s", c.name, err, c.why)
		}
	}
}

func TestWeRefuseWhatZlibWasNotAllowed(t *testing.T) { // RFC 7692 7.1
	z := startZlib(t)
	messages := sentMessages(messagesPerRow, 12, 2)
	cases := []struct {
		name  string
		field string // that zlib keeps to
		ours  deflate.Direction
		ok    bool
	}{
		{"as agreed", "; client_max_window_bits=10", deflate.Direction{WindowBits: 10, ContextTakeover: true}, true},
		{"15 bits for 9", "", deflate.Direction{WindowBits: 9, ContextTakeover: true}, false},
		{"10 bits for 9", "; client_max_window_bits=10", deflate.Direction{WindowBits: 9, ContextTakeover: true}, false},
		{"15 bits for 9 without takeover", "; client_no_context_takeover", deflate.Direction{WindowBits: 9}, false},
		{"takeover for none", "", deflate.Direction{WindowBits: 15}, false},
		{"9 bits for 8, which zlib does not use up", "; client_max_window_bits=9", deflate.Direction{WindowBits: 8, ContextTakeover: true}, true},
	}
	for _, c := range cases {
		payloads, err := z.deflate(deflate.Name+c.field, 'c', messages)
		if err != nil {
			t.Fatal(err)
		}
		d := deflate.NewDecompressor(c.ours)
		for i, payload := range payloads {
			var got []byte
			if got, err = d.Append(nil, payload, -1); err != nil {
				break
			}
			if !bytes.Equal(got, messages[i]) {
				t.Errorf("%s: message %d comes to other bytes, and no error", c.name, i)
				break
			}
		}
		if c.ok && err != nil || !c.ok && !errors.Is(err, deflate.ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
