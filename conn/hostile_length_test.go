package conn_test

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// hostileLength is a length that must be refused from the header alone.
type hostileLength struct {
	name    string
	before  []string // frames, which are in order
	head    string   // of the frame that is not
	max     int64    // Options.MaxMessage
	code    frame.CloseCode
	decides int // how many bytes of head there must be to know
}

// hostileLengths are of RFC 6455 section 5.2 and, for those that are only too
// long, 10.4.
var hostileLengths = []hostileLength{
	{name: "L1 2^63", head: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", code: 1002, decides: 3},
	{name: "L1 2^63+1", head: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x01", code: 1002, decides: 3},
	{name: "L1 2^63+4", head: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x04", code: 1002, decides: 3},
	{name: "L1 2^63+13", head: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x0d", code: 1002, decides: 3},
	{name: "L1 2^63+2^62", head: "\x82\x7f\xc0\x00\x00\x00\x00\x00\x00\x00", code: 1002, decides: 3},
	{name: "L1 2^64-1", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", code: 1002, decides: 3},
	{name: "L1 2^64-2", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfe", code: 1002, decides: 3},
	{name: "L1 2^64-3", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfd", code: 1002, decides: 3},
	{name: "L1 2^64-4", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfc", code: 1002, decides: 3},
	{name: "L1 2^64-5", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfb", code: 1002, decides: 3},
	{name: "L1 2^64-6", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfa", code: 1002, decides: 3},
	{name: "L1 2^64-7", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf9", code: 1002, decides: 3},
	{name: "L1 2^64-8", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf8", code: 1002, decides: 3},
	{name: "L1 2^64-9", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf7", code: 1002, decides: 3},
	{name: "L1 2^64-10", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf6", code: 1002, decides: 3},
	{name: "L1 2^64-11", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf5", code: 1002, decides: 3},
	{name: "L1 2^64-12", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf4", code: 1002, decides: 3},
	{name: "L1 2^64-13", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf3", code: 1002, decides: 3},
	{name: "L1 2^64-14", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf2", code: 1002, decides: 3},
	{name: "L1 2^64-15", head: "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xf1", code: 1002, decides: 3},
	{name: "L7 2^63 without a limit", max: -1, head: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", code: 1002, decides: 3},
	{name: "L1 top bit inside a message", before: []string{"\x02\x01A"}, head: "\x80\x7f\x80\x00\x00\x00\x00\x00\x00\x00", code: 1002, decides: 3},

	{name: "L2 2^63-1", head: "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", code: 1009, decides: 3},
	{name: "L2 2^53", head: "\x82\x7f\x00\x20\x00\x00\x00\x00\x00\x00", code: 1009, decides: 4},
	{name: "L2 2^40", head: "\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00", code: 1009, decides: 5},
	{name: "L2 2^32+5", head: "\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x05", code: 1009, decides: 6},
	{name: "L2 2^32", head: "\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00", code: 1009, decides: 6},
	{name: "L2 2^31", head: "\x82\x7f\x00\x00\x00\x00\x80\x00\x00\x00", code: 1009, decides: 7},
	{name: "L2 1 MiB and one", head: "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01", code: 1009, decides: 10},

	{name: "L3 1 and 2^63-1", before: []string{"\x02\x01A"}, head: "\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", code: 1009, decides: 3},
	{name: "L3 1 and 2^63-1, not the last", before: []string{"\x02\x01A"}, head: "\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", code: 1009, decides: 3},
	{name: "L3 1 and 1 MiB", before: []string{"\x02\x01A"}, head: "\x80\x7f\x00\x00\x00\x00\x00\x10\x00\x00", code: 1009, decides: 10},

	{name: "L4 5 in the form of 126", head: "\x82\x7e\x00\x05", code: 1002, decides: 4},
	{name: "L4 125 in the form of 126", head: "\x82\x7e\x00\x7d", code: 1002, decides: 4},
	{name: "L4 5 in the form of 127", head: "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05", code: 1002, decides: 8},
	{name: "L4 65535 in the form of 127", head: "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", code: 1002, decides: 8},
}

// What is declared costs nothing: the verdict is on the header, whether or not
// anything of the payload has come.
func TestALengthIsJudgedFromItsHeaderAloneL1L2L3L4L7(t *testing.T) {
	const most = 128 << 10 // of heap, for a Conn with its buffers, in bytes
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileLengths {
			for _, payload := range []string{"", "x"} {
				for _, style := range readStyles {
					name := fmt.Sprintf("%s, payload %q, %s", tc.name, payload, style.name)
					stream := &scripted{lines: lines(client, append(slices.Clone(tc.before), tc.head+payload)...)}
					var c *conn.Conn
					var err error
					heap := allocatedBy(func() {
						c = newConn(t, stream, conn.Setup{Client: client}, &conn.Options{MaxMessage: tc.max})
						err = style.read(c, noMessage(t))
					})
					if heap > most {
						t.Errorf("%s: %d bytes of heap, at most %d are allowed", name, heap, most)
					}
					expectFailed(t, c, err, tc.code)
					expectVerdictAlone(t, client, stream.words(), tc.code)
					if !stream.wasClosed() {
						t.Errorf("%s: the stream is open", name)
					}
					if t.Failed() {
						t.Fatal(name)
					}
				}
			}
		}
	})
}

// Without a limit a length that is too long for any memory is only waited for,
// and nothing is set aside for it.
func TestALengthWithoutALimitCostsNothingL7(t *testing.T) {
	const most = 128 << 10
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileLengths {
			if tc.code != frame.MessageTooBig {
				continue
			}
			stream := &scripted{lines: lines(client, append(slices.Clone(tc.before), tc.head+"x")...)}
			heap := allocatedBy(func() {
				c := newConn(t, stream, conn.Setup{Client: client}, &conn.Options{MaxMessage: -1})
				_, err := c.Read(bg)
				if end := closeError(t, err); !end.Remote || end.Code != frame.AbnormalClosure {
					t.Errorf("%s: ended by %+v, want the end of the stream", tc.name, end)
				}
			})
			if heap > most {
				t.Errorf("%s: %d bytes of heap, at most %d are allowed", tc.name, heap, most)
			}
			if len(stream.words()) > 0 {
				t.Errorf("%s: the peer hears %x", tc.name, stream.words())
			}
		}
	})
}

// Through a real socket: the peer reads the verdict and then the end, though
// what it had sent behind the header was never read.
func TestThePeerReadsTheVerdictOnALengthThoughMoreWasSentL1L2L3L4(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileLengths {
			t.Run(tc.name, func(t *testing.T) {
				c, peer := overTCP(t, client, nil, &conn.Options{MaxMessage: tc.max})
				send(t, peer, fromPeer(client, tc.before...))
				send(t, peer, fromPeer(client, tc.head+strings.Repeat("x", 40_000)))
				failed := make(chan error, 1)
				go func() { failed <- twoStyles[0].read(c, noMessage(t)) }()
				expectVerdictAlone(t, client, hear(t, peer), tc.code)
				peer.Close()
				expectFailed(t, c, <-failed, tc.code)
			})
		}
	})
}

// However slowly a header comes, the answer is the same, and it does not come
// before the byte that decides.
func TestALengthIsJudgedWhenItIsKnownL8(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileLengths {
			before := len(fromPeer(client, tc.before...))
			head := fromPeer(client, tc.head)
			all := append(fromPeer(client, tc.before...), head...)
			for _, payload := range []string{"", strings.Repeat("x", 100)} {
				stream := &scripted{lines: [][]byte{append(all, payload...)}, atATime: 1}
				c := newConn(t, stream, conn.Setup{Client: client}, &conn.Options{MaxMessage: tc.max})
				_, err := c.Read(bg)
				expectFailed(t, c, err, tc.code)
				expectVerdictAlone(t, client, stream.words(), tc.code)
				if n := stream.saidBefore - before; n < tc.decides || n > len(head) {
					t.Errorf("answered after %d bytes of the header", n)
				}
				if t.Failed() {
					t.Fatalf("%s, a byte at a time", tc.name)
				}
			}
			for cut := 1; cut < len(all); cut++ {
				stream := &scripted{lines: [][]byte{all[:cut], all[cut:]}}
				c := newConn(t, stream, conn.Setup{Client: client}, &conn.Options{MaxMessage: tc.max})
				_, err := c.Read(bg)
				expectFailed(t, c, err, tc.code)
				expectVerdictAlone(t, client, stream.words(), tc.code)
				if t.Failed() {
					t.Fatalf("%s, cut after %d bytes", tc.name, cut)
				}
			}
		}
	})
}

// sizedMessage makes the frames of a message of n bytes.
type sizedMessage struct {
	name   string
	frames func(t *testing.T, n int) []string
}

var sizedMessages = []sizedMessage{
	{"one frame", func(_ *testing.T, n int) []string {
		return []string{asFrame(0x82, strings.Repeat("x", n))}
	}},
	{"two frames", func(_ *testing.T, n int) []string {
		return []string{asFrame(0x02, strings.Repeat("x", n/2)), asFrame(0x80, strings.Repeat("x", n-n/2))}
	}},
	{"all but one byte, and one", func(_ *testing.T, n int) []string {
		return []string{asFrame(0x02, strings.Repeat("x", n-1)), "\x80\x01x"}
	}},
	{"all, and an empty last frame", func(_ *testing.T, n int) []string {
		return []string{asFrame(0x02, strings.Repeat("x", n)), "\x80\x00"}
	}},
	{"an empty first frame, and all", func(_ *testing.T, n int) []string {
		return []string{"\x02\x00", asFrame(0x80, strings.Repeat("x", n))}
	}},
	{"compressed", func(t *testing.T, n int) []string {
		return []string{asFrame(0xC2, deflatedWith(t, 9, strings.Repeat("x", n))[0])}
	}},
	{"stored blocks", func(t *testing.T, n int) []string {
		return []string{asFrame(0xC2, deflatedWith(t, 0, strings.Repeat("x", n))[0])}
	}},
	{"compressed in two frames", func(t *testing.T, n int) []string {
		z := deflatedWith(t, 9, strings.Repeat("x", n))[0]
		return []string{asFrame(0x42, z[:len(z)/2]), asFrame(0x80, z[len(z)/2:])}
	}},
	{"compressed and an empty last frame", func(t *testing.T, n int) []string {
		return []string{asFrame(0x42, deflatedWith(t, 9, strings.Repeat("x", n))[0]), "\x80\x00"}
	}},
}

// A message of a byte less than the limit and one of the limit arrive, one of a
// byte more does not, in whatever form it comes and however it is read.
func TestTheLimitIsExactInEveryStyleL6Z8Row150(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, limit := range []int{200, 1000, 70_000, conn.DefaultMaxMessage} {
			for i, kind := range sizedMessages {
				styles := readStyles
				if limit == conn.DefaultMaxMessage {
					styles = twoStyles
					if i%5 > 0 {
						continue // one plain and one compressed do
					}
				}
				for _, style := range styles {
					name := fmt.Sprintf("%s, limit %d, %s", kind.name, limit, style.name)
					var said []byte
					for n := limit - 1; n <= limit+1; n++ {
						said = append(said, fromPeer(client, kind.frames(t, n)...)...)
					}
					opts := conn.Options{MaxMessage: int64(limit)}
					if limit == conn.DefaultMaxMessage {
						opts.MaxMessage = 0
					}
					stream := &scripted{lines: [][]byte{said}, atATime: 5000}
					c := newConn(t, stream, conn.Setup{Client: client, Deflate: &deflate.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true}}, &opts)
					var got []int
					err := style.read(c, func(_ conn.Type, data []byte) {
						got = append(got, len(data))
						if strings.Trim(string(data), "x") != "" {
							t.Errorf("%s: a message is mixed", name)
						}
					})
					if want := []int{limit - 1, limit}; !slices.Equal(got, want) {
						t.Errorf("%s: messages of %v bytes arrive, want %v", name, got, want)
					}
					expectFailed(t, c, err, frame.MessageTooBig)
					expectVerdictAlone(t, client, stream.words(), frame.MessageTooBig)
					if t.Failed() {
						t.Fatal(name)
					}
				}
			}
		}
	})
}

// The whole of a message that is too long is on its way before the first of it
// is looked at: more than the Conn will read, and more than the sockets hold.
// The peer reads why it was refused all the same.
func TestThePeerReads1009ThoughAllOfItsMessageWasSentX3(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a reset may take with it what the peer has not read")
	}
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, n := range []int{conn.DefaultMaxMessage + 1, 8 << 20} {
			c, peer := overTCP(t, client, nil, nil)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				peer.Write(fromPeer(client, asFrame(0x82, strings.Repeat("x", n)))) // which may fail, sooner or later
			}()
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			// The peer reads only when it is done with writing.
			<-sent
			heard, err := io.ReadAll(peer)
			if err != nil {
				t.Errorf("the peer reads %x and then %v", heard, err)
			}
			expectVerdictAlone(t, client, heard, frame.MessageTooBig)
			peer.Close()
			expectFailed(t, c, <-failed, frame.MessageTooBig)
		}
	})
}
