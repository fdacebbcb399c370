package message_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// vectors reads a table that all the modules share. Who has this module alone
// skips the test, but the project's CI may not.
func vectors[Case any](t *testing.T, file string) (cases []Case) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", file))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the tables are not beside this module: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(file, ": ", err)
	}
	if len(cases) == 0 {
		t.Fatal(file, " is empty")
	}
	return cases
}

// frameVector is a case of frames.json.
type frameVector struct {
	Name, Section, From, Bytes string
	Extensions                 []int
	Zeros                      int
	Accept                     []acceptedFrame
	Error                      *struct {
		Code    frame.CloseCode
		Section string
	}
}

type acceptedFrame struct {
	Fin     bool
	Opcode  frame.Opcode
	Length  int64
	Payload string
	Zeros   int
}

// want is what a Decoder makes of the frames that are to be accepted.
func (c frameVector) want(t *testing.T) (o outcome) {
	var opcode frame.Opcode
	for _, f := range c.Accept {
		payload := append(unhex(t, strings.ReplaceAll(f.Payload, " ", "")), make([]byte, f.Zeros)...)
		whole := int64(len(payload)) == f.Length
		switch {
		case f.Opcode.IsControl() && !whole:
		case f.Opcode == frame.Close:
			o.arrived = append(o.arrived, closeLine(payload))
		case f.Opcode.IsControl():
			o.arrived = append(o.arrived, show(f.Opcode, payload))
		default:
			if f.Opcode != frame.Continuation {
				opcode = f.Opcode
			}
			o.open = append(o.open, payload...)
			if f.Fin && whole {
				o.arrived = append(o.arrived, show(opcode, o.open))
				o.open = nil
			}
		}
	}
	if c.Error != nil {
		o.fail = fmt.Sprintf("%d %s", c.Error.Code, c.Error.Section)
	}
	return o
}

func closeLine(payload []byte) string {
	if len(payload) == 0 {
		return `close 1005 ""`
	}
	return fmt.Sprintf("close %d %q", binary.BigEndian.Uint16(payload), payload[2:])
}

// The shared tables are about frames; a Decoder must refuse what they refuse,
// for the same reason, and hand on the rest. Where an extension is agreed on,
// it is only asked for the verdict, for the tables do not inflate.
func TestSharedFramesAreJudgedAsTheTablesSay(t *testing.T) {
	for _, c := range vectors[frameVector](t, "frames.json") {
		s := settings{maxMessage: -1, maxFrames: -1}
		switch {
		case slices.Equal(c.Extensions, []int{1}):
			s.inflate = &deflate.Direction{}
		case len(c.Extensions) > 0:
			continue // there is no extension here that uses another bit
		}
		t.Run(c.Name+", "+c.Section, func(t *testing.T) {
			sent := unhex(t, strings.ReplaceAll(c.Bytes, " ", ""))
			sent = append(sent, make([]byte, c.Zeros)...)
			want := c.want(t)
			for _, n := range []int{max(1, len(sent)), 1, 3} {
				got := decode(t, s.decoder(c.From == "client"), chunks(sent, n))
				if s.inflate != nil {
					got.arrived, got.open = want.arrived, want.open
				}
				if diff := difference(want, got); diff != "" {
					t.Errorf("in pieces of %d: %s", n, diff)
				}
			}
		})
	}
}

type closeVector struct {
	Name, Section, Payload, Reason string
	Code                           frame.CloseCode
	Error                          *struct {
		Code    frame.CloseCode
		Section string
	}
}

func TestSharedClosesAreJudgedAsTheTablesSay(t *testing.T) {
	for _, c := range vectors[closeVector](t, "close.json") {
		t.Run(c.Name+", "+c.Section, func(t *testing.T) {
			payload := unhex(t, strings.ReplaceAll(c.Payload, " ", ""))
			if len(payload) > 125 {
				t.Skip("no close frame can have it")
			}
			want := outcome{arrived: []string{fmt.Sprintf("close %d %q", uint16(c.Code), c.Reason)}}
			if c.Error != nil {
				want = outcome{fail: fmt.Sprintf("%d %s", c.Error.Code, c.Error.Section)}
			}
			sent := append([]byte{0x88, byte(len(payload))}, payload...)
			if diff := difference(want, decode(t, &message.Decoder{}, chunks(sent, 1))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// utf8Vector is a case of utf8.json.
type utf8Vector struct {
	Name, Section, Bytes, Verdict string
	At                            int
}

// K7, G15: an invalid text fails at the byte that the table names, in a message
// that is not finished; an unfinished one at its end.
func TestSharedTextsAreJudgedAsTheTablesSayK7G15(t *testing.T) {
	for _, c := range vectors[utf8Vector](t, "utf8.json") {
		t.Run(c.Name+", "+c.Section, func(t *testing.T) {
			text := unhex(t, strings.ReplaceAll(c.Bytes, " ", ""))
			d := &message.Decoder{}
			const header = "\x01\x7f\x00\x00\x00\x00\x00\x08\x00\x00"
			if err := feed(d, []byte(header)); err != nil {
				t.Fatal(err)
			}
			for i := range text {
				err := feed(d, text[i:i+1])
				if (err != nil) != (c.Verdict == "invalid" && i >= c.At) {
					t.Fatalf("byte %d: %v, want %s at %d", i, err, c.Verdict, c.At)
				}
			}
			whole := decode(t, &message.Decoder{}, [][]byte{frameOf(0x81, text)})
			if (whole.fail == "") != (c.Verdict == "valid") {
				t.Errorf("as a whole message: %q, want %s", whole.fail, c.Verdict)
			}
		})
	}
}
