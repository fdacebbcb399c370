package frame_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyws/parley/frame"
)

// hexBytes are bytes that stand in a table as digits, with spaces for the eye.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	*h = b
	return err
}

func (h hexBytes) withZeros(n int) []byte { return append(h[:len(h):len(h)], make([]byte, n)...) }

// breach is the *frame.Error that a case wants.
type breach struct {
	Code    frame.CloseCode `json:"code"`
	Section string          `json:"section"`
}

// frameCase is a case of frames.json, whose README says what the fields mean.
type frameCase struct {
	Name       string        `json:"name"`
	Section    string        `json:"section"`
	From       string        `json:"from"`
	Extensions []uint        `json:"extensions"`
	Bytes      hexBytes      `json:"bytes"`
	Zeros      int           `json:"zeros"`
	Accept     []acceptFrame `json:"accept"`
	Unfinished bool          `json:"unfinished"`
	Error      *breach       `json:"error"`
}

type acceptFrame struct {
	Fin     bool         `json:"fin"`
	RSV     []uint       `json:"rsv"`
	Opcode  frame.Opcode `json:"opcode"`
	Key     hexBytes     `json:"key"`
	Length  int64        `json:"length"`
	Payload hexBytes     `json:"payload"`
	Zeros   int          `json:"zeros"`
}

func (c frameCase) wire() []byte { return c.Bytes.withZeros(c.Zeros) }

func (c frameCase) checker() frame.Checker {
	return frame.Checker{FromClient: c.From == "client", Extensions: reservedBits(c.Extensions)}
}

func (f acceptFrame) header() frame.Header {
	h := frame.Header{
		Fin:    f.Fin,
		RSV:    reservedBits(f.RSV),
		Opcode: f.Opcode,
		Masked: len(f.Key) > 0,
		Length: f.Length,
	}
	copy(h.Key[:], f.Key)
	return h
}

// reservedBits turns numbers of bits into where they stand.
func reservedBits(numbers []uint) (rsv frame.RSV) {
	for _, n := range numbers {
		rsv |= 1 << (7 - n)
	}
	return rsv
}

// closeCase is a case of close.json.
type closeCase struct {
	Name    string          `json:"name"`
	Section string          `json:"section"`
	Payload hexBytes        `json:"payload"`
	Code    frame.CloseCode `json:"code"`
	Reason  string          `json:"reason"`
	Error   *breach         `json:"error"`
}

// vectors returns the cases of a table. The tables belong to another module:
// who has this one alone skips the test, but the project's CI may not.
func vectors[Case any](tb testing.TB, file string) []Case {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		tb.Skip("the tables are not beside this module: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	var cases []Case
	if err := d.Decode(&cases); err != nil {
		tb.Fatal(file, ": ", err)
	}
	if len(cases) == 0 {
		tb.Fatal(file, " is empty")
	}
	return cases
}
