package conn_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// A bomb is a message of zeros as long as it goes on, RFC 1951 section 3.2.7.
// bombFuse makes 775 of them, and each octet 0 behind it 1032, which is the most
// there can be: four matches of 258 bytes, of two bits each.
const (
	bombFuse  = "\xec\xc0\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x01"
	bombOctet = 1032
)

// bomb returns the payload of a message of at least n zeros.
func bomb(n int64) string { return bombFuse + strings.Repeat("\x00", int(n/bombOctet)) }

// agreements are what may have been agreed on compression.
var agreements = []struct {
	name string
	p    deflate.Params
}{
	{"takeover", deflate.Params{}},
	{"no takeover", deflate.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true}},
	{"windows of 8 bits", deflate.Params{ServerMaxWindowBits: 8, ClientMaxWindowBits: 8}},
}

// A bomb ends at the limit of the message, in whatever frames it comes, however
// much it would make, and however it is read. What is behind is not inflated.
func TestABombEndsAtTheLimitZ1Z2Z8Row155(t *testing.T) {
	const limit = conn.DefaultMaxMessage
	const octets = limit/bombOctet + 1 // of a bomb that is as long as the limit
	type attack struct {
		name    string
		first   string
		forever string // frames, or nothing if the first says it all
		most    int    // bytes that may be read before the answer
		held    int64  // bytes of heap for ReadInto with room enough
	}
	attacks := []attack{
		{"10 MB in one frame", asFrame(0xC2, bomb(10_000_000)), "", octets + 2<<10, 256 << 10},
		{"100 MB in one frame", asFrame(0xC2, bomb(100_000_000)), "", octets + 2<<10, 256 << 10},
		{"1 GB in one frame", asFrame(0xC2, bomb(1_000_000_000)), "", octets + 2<<10, 256 << 10},
		{"10 GB in one frame", asFrame(0xC2, bomb(10_000_000_000))[:1<<10], "", 1 << 10, 128 << 10}, // by its header
		{"in frames of 1 KiB", asFrame(0x42, bombFuse), asFrame(0x00, strings.Repeat("\x00", 1<<10)), octets + 3<<10, 256 << 10},
		{"in frames of 1 byte", asFrame(0x42, bombFuse), asFrame(0x00, "\x00"), 7*octets + 2<<10, 256 << 10},
	}
	room := make([]byte, 0, limit)
	for _, agreed := range agreements {
		for _, a := range attacks {
			t.Run(agreed.name+", "+a.name, func(t *testing.T) {
				inEitherRole(t, func(t *testing.T, client bool) {
					for _, style := range readStyles {
						stream := &scripted{lines: lines(client, a.first), atATime: 512}
						if a.forever != "" {
							stream.forever = fromPeer(client, a.forever)
						}
						most := int64(8 * limit) // of heap; a message that grows goes through a few times its size
						read := style.read
						if style.name == "ReadInto" {
							most = a.held // the caller has set the limit aside
							read = func(c *conn.Conn, got func(conn.Type, []byte)) error {
								typ, data, err := c.ReadInto(bg, room)
								if err == nil {
									got(typ, data)
								}
								return err
							}
						}
						var c *conn.Conn
						var err error
						heap := allocatedBy(func() {
							c = newConn(t, stream, conn.Setup{Client: client, Deflate: &agreed.p}, nil)
							err = read(c, noMessage(t))
						})
						expectFailed(t, c, err, frame.MessageTooBig)
						expectVerdictAlone(t, client, stream.words(), frame.MessageTooBig)
						if stream.saidBefore > a.most {
							t.Errorf("%s: %d bytes were read before the answer, want at most %d", style.name, stream.saidBefore, a.most)
						}
						if heap > most {
							t.Errorf("%s: %d bytes of heap, at most %d are allowed", style.name, heap, most)
						}
					}
				})
			})
		}
	}
}

// Through a real socket, with more of the bomb on its way than the Conn will read.
func TestThePeerReads1009ThoughMoreOfTheBombWasSentZ1Z2(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a reset may take with it what the peer has not read")
	}
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, size := range []int64{40_000_000, 1_000_000_000} {
			c, peer := overTCP(t, client, &deflate.Params{}, nil)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				peer.Write(fromPeer(client, asFrame(0xC2, bomb(size)))) // which may fail, sooner or later
			}()
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			<-sent
			expectVerdictAlone(t, client, hear(t, peer), frame.MessageTooBig)
			peer.Close()
			expectFailed(t, c, <-failed, frame.MessageTooBig)
		}
	})
}

// Messages that refer to one another count each for itself, RFC 7692 section
// 7.2.3.2.
func TestAMessageOfReferencesCountsByItselfZ4(t *testing.T) {
	const limit = 30_000
	r := rand.NewChaCha8([32]byte{4})
	filling := make([]byte, limit) // which cannot be compressed
	r.Read(filling)
	fill := string(filling)
	texts := []string{fill, fill, fill, fill + "!"}
	z := deflatedWith(t, 9, texts...)
	if len(z[1]) > 1000 {
		t.Fatalf("%d bytes are no mere reference", len(z[1]))
	}
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, style := range readStyles {
			stream := &scripted{atATime: 4000}
			for _, payload := range z {
				stream.lines = append(stream.lines, fromPeer(client, asFrame(0xC2, payload)))
			}
			c := newConn(t, stream, conn.Setup{Client: client, Deflate: &deflate.Params{}}, &conn.Options{MaxMessage: limit})
			var got []bool
			err := style.read(c, func(_ conn.Type, data []byte) { got = append(got, string(data) == fill) })
			if !slices.Equal(got, []bool{true, true, true}) {
				t.Errorf("%s: right are %v, want three messages that are", style.name, got)
			}
			expectFailed(t, c, err, frame.MessageTooBig)
			expectVerdictAlone(t, client, stream.words(), frame.MessageTooBig)
		}
	})
}

// emptyBlocks are blocks that make nothing, as whole octets, RFC 1951 sections
// 3.2.4, 3.2.6 and 3.2.7.
var emptyBlocks = []struct{ name, octets string }{
	{"stored", "000000ffff"},
	{"of fixed codes", "0208208000"}, // four
	{"of dynamic codes", "04c081000000000090ff6a24000e040000000080fc57230170200000000000e4bf" + // eight
		"1a098003010000000020ffd548001c080000000000f9af4602e0400000000000c8" +
		"7f35120007020000000040feab910038100000000000f25f8d"},
}

// What inflates to nothing, for ever, ends at the limit of the wire: 64 KiB more
// than that of the message.
func TestEmptyBlocksEndAtTheLimitOfTheWireZ6(t *testing.T) {
	const limit, slack = 10, 64 << 10
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, block := range emptyBlocks {
			octets, err := hex.DecodeString(block.octets)
			if err != nil {
				t.Fatal(err)
			}
			blocks := strings.Repeat(string(octets), 1000/len(octets))
			for _, style := range readStyles {
				stream := &scripted{lines: lines(client, asFrame(0x42, "")), forever: fromPeer(client, asFrame(0x00, blocks))}
				var c *conn.Conn
				heap := allocatedBy(func() {
					c = newConn(t, stream, conn.Setup{Client: client, Deflate: &deflate.Params{}}, &conn.Options{MaxMessage: limit})
					err = style.read(c, noMessage(t))
				})
				expectFailed(t, c, err, frame.MessageTooBig)
				expectVerdictAlone(t, client, stream.words(), frame.MessageTooBig)
				per := len(stream.forever)
				if frames := (limit+slack)/len(blocks) + 1; stream.saidBefore > (frames+1)*per || stream.saidBefore < frames*per {
					t.Errorf("blocks %s, %s: answered after %d bytes, want it with frame %d of %d bytes", block.name, style.name, stream.saidBefore, frames, per)
				}
				if heap > 256<<10 {
					t.Errorf("blocks %s, %s: %d bytes of heap", block.name, style.name, heap)
				}
			}
		}
	})
}

// A match of 258 bytes at the start of a message, RFC 1951 section 3.2.6, at a
// distance where nothing of this connection is.
var matchesBeforeTheStart = []struct{ name, payload string }{
	{"distance 1", "\x1a\x05\x00\x00"},
	{"distance 100", "\x1a\xb5\x03\x00"},
	{"distance 600", "\x1a\x4d\x57\x00\x00"},
	{"distance 4096", "\x1a\xed\xff\x03\x00"},
	{"distance 32768", "\x1a\xbd\xff\x1f\x00"},
}

// What one connection had to inflate when it failed is not to be found by the
// next, and does it no harm.
func TestNothingOfAFailedMessageReachesAnotherConnectionZ7(t *testing.T) {
	secret := strings.Repeat("the secret of another connection. ", 5000)
	harmless := "a message that hurts nobody, and nobody hurts it"
	inEitherRole(t, func(t *testing.T, client bool) {
		for round := range 20 {
			for _, agreed := range agreements[:2] {
				setup := conn.Setup{Client: client, Deflate: &agreed.p}
				first := &scripted{lines: lines(client, asFrame(0xC2, deflatedWith(t, 9, secret)[0]))}
				c := newConn(t, first, setup, &conn.Options{MaxMessage: 100_000})
				_, err := c.Read(bg)
				expectFailed(t, c, err, frame.MessageTooBig)

				match := matchesBeforeTheStart[round%len(matchesBeforeTheStart)]
				thief := &scripted{lines: lines(client, asFrame(0xC2, match.payload))}
				c = newConn(t, thief, setup, nil)
				err = readStyles[round%4].read(c, noMessage(t))
				expectFailed(t, c, err, frame.InvalidFramePayloadData)
				if s := thief.words(); bytes.Contains(s, []byte("secret")) {
					t.Errorf("%s, %s: the peer hears %q", agreed.name, match.name, s)
				}

				z := deflatedWith(t, 9, harmless, harmless)
				if agreed.name == "no takeover" {
					z[1] = z[0]
				}
				third := &scripted{lines: lines(client, asFrame(0xC1, z[0]), asFrame(0xC1, z[1]))}
				c = newConn(t, third, setup, nil)
				var got []string
				readStyles[round%4].read(c, func(_ conn.Type, data []byte) { got = append(got, string(data)) })
				if !slices.Equal(got, []string{harmless, harmless}) {
					t.Errorf("%s: %q arrives", agreed.name, got)
				}
			}
		}
	})
}

// What cannot be inflated fails with 1007, and what RFC 7692 allows arrives.
func TestCorruptDataIsRefusedAndOddDataIsNotZ12Z13Row154(t *testing.T) {
	takeover, noTakeover := agreements[0].p, agreements[1].p
	bits := func(n int) deflate.Params { return deflate.Params{ServerMaxWindowBits: n, ClientMaxWindowBits: n} }
	hello := asFrame(0xC1, "\xf2\x48\xcd\xc9\xc9\x07\x00")
	again := asFrame(0xC1, "\xf2\x00\x11\x00\x00") // the same by reference to the message before
	far := "\x00\x58\x02\xa7\xfd" + strings.Repeat("A", 600) + "\x02\xa6\x2b\x00\x00"
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range []struct {
			name   string
			p      deflate.Params
			frames []string
			arrive []string
			sound  bool // nothing is wrong with it
		}{
			{name: "Z12 garbage, RFC 1951 3.2.3", p: takeover, frames: []string{"\xc2\x05\xff\xff\xff\xff\xff"}},
			{name: "Z12 reserved type of block, RFC 1951 3.2.3", p: takeover, frames: []string{"\xc2\x08\x06\x00\x00\x00\x00\x00\x00\x00"}},
			{name: "Z12 truncated, RFC 7692 7.2.2", p: takeover, frames: []string{"\xc2\x03\xf2\x48\xcd"}},
			{name: "Z12 truncated in fragments, RFC 7692 7.2.2", p: takeover, frames: []string{"\x42\x03\xf2\x48\xcd", "\x80\x00"}},
			{name: "Z12 nothing at all, RFC 7692 7.2.3.6", p: takeover, frames: []string{"\xc2\x00"}},
			{name: "Z12 wrong length of a stored block, RFC 1951 3.2.4", p: takeover, frames: []string{"\xc2\x0b\x00\x05\x00\xfa\xfeHello\x00"}},
			{name: "Z12 corrupt behind a fragment that is right, RFC 7692 7.2.2", p: takeover, frames: []string{"\x42\x0a\x00\x05\x00\xfa\xffHello", "\x00\x01\x06"}},
			{name: "Z12 a good message, then garbage, RFC 7692 7.2.2", p: takeover, frames: []string{hello, "\xc2\x05\xff\xff\xff\xff\xff"}, arrive: []string{"Hello"}},
			{name: "Z12 distance 600 in a window of 9 bits, RFC 7692 7.1.2", p: bits(9), frames: []string{asFrame(0xC2, far)}},
			{name: "Z12 distance 600 in a window of 10 bits, RFC 7692 7.1.2", p: bits(10), frames: []string{asFrame(0xC2, far)}, arrive: []string{strings.Repeat("A", 603)}, sound: true},
			{name: "Z12 BFINAL, RFC 7692 7.2.3.4", p: takeover, frames: []string{"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"}, arrive: []string{"Hello"}, sound: true},
			{name: "Z12 BFINAL and more, RFC 7692 7.2.3.5", p: takeover, frames: []string{"\xc1\x0c\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"}, arrive: []string{"HelloHello"}, sound: true},
			{name: "Z12 an empty message, RFC 7692 7.2.3.6", p: takeover, frames: []string{"\xc1\x01\x00"}, arrive: []string{""}, sound: true},
			{name: "Z13 a reference to the message before, RFC 7692 7.2.3.2", p: takeover, frames: []string{hello, again}, arrive: []string{"Hello", "Hello"}, sound: true},
			{name: "Z13 a reference to the message before without takeover, RFC 7692 7.1.1", p: noTakeover, frames: []string{hello, again}, arrive: []string{"Hello"}},
			{name: "Z13 a reference to a message that was not compressed, RFC 7692 7.2.1", p: takeover, frames: []string{"\x81\x05Hello", again}, arrive: []string{"Hello"}},
			{name: "Z13 a message with all that it needs, without takeover, RFC 7692 7.1.1", p: noTakeover, frames: []string{hello, hello}, arrive: []string{"Hello", "Hello"}, sound: true},
		} {
			for _, style := range readStyles {
				for _, atATime := range []int{0, 1} {
					name := fmt.Sprintf("%s, %s, %d bytes at a time", tc.name, style.name, atATime)
					stream := &scripted{lines: lines(client, tc.frames...), atATime: atATime}
					c := newConn(t, stream, conn.Setup{Client: client, Deflate: &tc.p}, nil)
					var arrived []string
					err := style.read(c, func(_ conn.Type, data []byte) { arrived = append(arrived, string(data)) })
					if !slices.Equal(arrived, tc.arrive) {
						t.Errorf("%s: %.40q arrives, want %.40q", name, arrived, tc.arrive)
					}
					if tc.sound {
						if end := closeError(t, err); end.Code != frame.AbnormalClosure || !end.Remote {
							t.Errorf("%s: ended by %+v", name, end)
						}
						continue
					}
					expectFailed(t, c, err, frame.InvalidFramePayloadData)
					expectVerdictAlone(t, client, stream.words(), frame.InvalidFramePayloadData)
					if t.Failed() {
						t.Fatal(name)
					}
				}
			}
		}
	})
}
