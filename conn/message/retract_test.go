package message_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// G4, in part: what was encoded and never sent leaves nothing behind. The peer
// does not know it, so no later message may refer to it or continue it.
func TestRetractedMessageLeavesNothingBehindG4(t *testing.T) {
	noise := randomBytes(1000)
	secret := append(noise[:500:500], repeat("secret ", 100)...)
	ways := map[string]func(e *message.Encoder) ([]byte, error){
		"a whole message": func(e *message.Encoder) ([]byte, error) {
			return e.AppendMessage(nil, frame.Text, secret)
		},
		"a whole message that is not compressed": func(e *message.Encoder) ([]byte, error) {
			return e.AppendUncompressed(nil, frame.Text, secret)
		},
		"the first fragment": func(e *message.Encoder) ([]byte, error) {
			return e.AppendFragment(nil, frame.Text, secret, false)
		},
		"the first fragment, uncompressed": func(e *message.Encoder) ([]byte, error) {
			return e.AppendUncompressedFragment(nil, frame.Text, secret, false)
		},
		"an empty first fragment": func(e *message.Encoder) ([]byte, error) {
			return e.AppendFragment(nil, frame.Text, nil, false)
		},
		"an empty first fragment and a ping": func(e *message.Encoder) ([]byte, error) {
			if _, err := e.AppendFragment(nil, frame.Text, nil, false); err != nil {
				return nil, err
			}
			return e.AppendControl(nil, frame.Ping, nil)
		},
		"two fragments": func(e *message.Encoder) ([]byte, error) {
			if _, err := e.AppendFragment(nil, frame.Text, secret[:600], false); err != nil {
				return nil, err
			}
			return e.AppendFragment(nil, frame.Text, secret[600:], false)
		},
		"all fragments": func(e *message.Encoder) ([]byte, error) {
			if _, err := e.AppendFragment(nil, frame.Text, secret, false); err != nil {
				return nil, err
			}
			return e.AppendFragment(nil, frame.Text, nil, true)
		},
	}
	for name, way := range ways {
		for _, takeover := range []bool{true, false} {
			for _, agreed := range []bool{true, false} {
				if name == "an empty first fragment and a ping" && !agreed {
					continue // the fragment is a frame then, and the ping says that it was sent
				}
				t.Run(fmt.Sprintf("%s, takeover %v, agreed %v", name, takeover, agreed), func(t *testing.T) {
					e, s := &message.Encoder{}, settings{}
					if agreed {
						s.inflate = &deflate.Direction{ContextTakeover: takeover}
						e.Deflate = compressor(t, *s.inflate, 6)
					}
					defer e.Free()
					before := repeat("before ", 100)
					sent, err := e.AppendMessage(nil, frame.Binary, before)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := way(e); err != nil {
						t.Fatal(err)
					}
					e.Retract()
					e.Retract() // which does nothing more

					// Of another type, so it would be refused in the middle of the last.
					start := len(sent)
					if sent, err = e.AppendFragment(sent, frame.Binary, secret, false); err != nil {
						t.Fatal(err)
					}
					if sent[start]&0x0F != 2 {
						t.Errorf("first byte %02x", sent[start])
					}
					if n := len(sent) - start; n < 500 {
						t.Errorf("%d bytes: it refers to what was not sent", n)
					}
					if sent, err = e.AppendFragment(sent, frame.Binary, []byte("."), true); err != nil {
						t.Fatal(err)
					}
					want := outcome{arrived: []string{show(frame.Binary, before), show(frame.Binary, append(secret[:len(secret):len(secret)], '.'))}}
					if diff := difference(want, decode(t, s.decoder(false), [][]byte{sent})); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// To retract is for the last message only, and takes nothing from others.
func TestRetractTakesNothingElseBack(t *testing.T) {
	known := repeat("known to the peer ", 50)
	send := func(call func(e *message.Encoder) ([]byte, error)) func(*testing.T, *message.Encoder) {
		return func(t *testing.T, e *message.Encoder) {
			if _, err := call(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	message1 := send(func(e *message.Encoder) ([]byte, error) { return e.AppendMessage(nil, frame.Text, known) })
	ping := send(func(e *message.Encoder) ([]byte, error) { return e.AppendControl(nil, frame.Ping, nil) })
	plain := send(func(e *message.Encoder) ([]byte, error) { return e.AppendUncompressed(nil, frame.Text, known) })
	for name, c := range map[string]struct {
		steps []func(*testing.T, *message.Encoder)
		kept  bool
	}{
		"nothing was appended since":               {[]func(*testing.T, *message.Encoder){message1}, false},
		"a ping, which says that it was sent":      {[]func(*testing.T, *message.Encoder){message1, ping}, true},
		"a message that is not compressed":         {[]func(*testing.T, *message.Encoder){message1, plain}, true},
		"a message that is not compressed, a ping": {[]func(*testing.T, *message.Encoder){message1, plain, ping}, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := &message.Encoder{Deflate: compressor(t, deflate.Direction{ContextTakeover: true}, 6)}
			defer e.Free()
			e.Retract() // of nothing
			for _, step := range c.steps {
				step(t, e)
			}
			e.Retract()
			got, err := e.AppendFragment(nil, frame.Text, known[:200], false)
			if err != nil {
				t.Fatal(err)
			}
			if refers := len(got) < 20; refers != c.kept {
				t.Errorf("%d bytes, want a reference to what came before: %v", len(got), c.kept)
			}
		})
	}
}

// A ping that follows a fragment says that it was sent: the message goes on.
func TestRetractDoesNotEndMessageThatWasSent(t *testing.T) {
	e := &message.Encoder{}
	sent, err := inTurn(nil,
		func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, []byte("A"), false) },
		func(dst []byte) ([]byte, error) { return e.AppendControl(dst, frame.Ping, nil) },
	)
	if err != nil {
		t.Fatal(err)
	}
	e.Retract()
	sent, err = e.AppendFragment(sent, frame.Text, []byte("B"), true)
	if want := wire(t, false, "01 m01 (41) 89 m00 80 m01 (42)"); err != nil || !bytes.Equal(sent, want) {
		t.Errorf("got % x, %v, want % x", sent, err, want)
	}
}
