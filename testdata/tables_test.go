package testdata

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"
)

var section = regexp.MustCompile(`^RFC (3629|6455|7692) [1-9][0-9]*(\.[1-9][0-9]*)*$`)

// name keeps what shells, test names and diffs can bear.
var name = regexp.MustCompile(`^[0-9A-Za-z][-+^0-9A-Za-z,: ]*$`)

// table fails t unless every case has a name of its own and a section.
func table[Case any](t *testing.T, cases []Case, err error, head func(Case) (name, section string)) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("the table is empty")
	}
	seen := map[string]bool{}
	for _, c := range cases {
		n, s := head(c)
		if seen[n] {
			t.Errorf("%q stands twice", n)
		}
		seen[n] = true
		if !name.MatchString(n) {
			t.Errorf("%q is no name", n)
		}
		if !section.MatchString(s) {
			t.Errorf("%q: %q is no section", n, s)
		}
	}
}

func TestFramesSayWhatToExpect(t *testing.T) {
	cases, err := Frames()
	table(t, cases, err, func(c FrameCase) (string, string) { return c.Name, c.Section })
	count := map[string]int{}
	for _, c := range cases {
		if c.From != FromClient && c.From != FromServer {
			t.Errorf("%q: from %q", c.Name, c.From)
		}
		if !areReservedBits(c.Extensions) {
			t.Errorf("%q: extensions %v", c.Name, c.Extensions)
		}
		if c.Error != nil && c.Unfinished {
			t.Errorf("%q: an error and unfinished too", c.Name)
		}
		if c.Zeros < 0 {
			t.Errorf("%q: %d zeros", c.Name, c.Zeros)
		}
		checkBreach(t, c.Name, c.Error, 1002)
		room := len(c.Wire())
		for i, f := range c.Accept {
			last := i == len(c.Accept)-1
			checkFrame(t, c, f, last)
			room -= 2 + len(f.Key) + len(f.Arrived())
		}
		if room < 0 {
			t.Errorf("%q: more is accepted than was sent", c.Name)
		}
		switch {
		case c.Error != nil:
			count["refused from "+c.From]++
		case c.Unfinished:
			count["unfinished from "+c.From]++
		default:
			count["accepted from "+c.From]++
		}
	}
	for _, of := range []string{"refused from ", "unfinished from ", "accepted from "} {
		for _, from := range []string{FromClient, FromServer} {
			if count[of+from] == 0 {
				t.Errorf("no case is %s", of+from)
			}
		}
	}
}

func checkFrame(t *testing.T, c FrameCase, f Frame, last bool) {
	t.Helper()
	if f.Opcode < 0 || f.Opcode > 10 || f.Opcode > 2 && f.Opcode < 8 {
		t.Errorf("%q: opcode %d is accepted", c.Name, f.Opcode)
	}
	if !areReservedBits(f.RSV) {
		t.Errorf("%q: reserved bits %v", c.Name, f.RSV)
	}
	for _, bit := range f.RSV {
		if !slices.Contains(c.Extensions, bit) {
			t.Errorf("%q: reserved bit %d is accepted", c.Name, bit)
		}
	}
	if masked := len(f.Key) == 4; !masked && len(f.Key) != 0 || masked != (c.From == FromClient) {
		t.Errorf("%q: key % X from the %s", c.Name, f.Key, c.From)
	}
	arrived := int64(len(f.Arrived()))
	if arrived > f.Length || arrived < f.Length && !(last && c.Unfinished) {
		t.Errorf("%q: %d of %d bytes of payload", c.Name, arrived, f.Length)
	}
}

// areReservedBits reports whether bits are numbers of reserved bits, each once
// and in order.
func areReservedBits(bits []int) bool {
	for i, bit := range bits {
		if bit < 1 || bit > 3 || i > 0 && bits[i-1] >= bit {
			return false
		}
	}
	return true
}

func checkBreach(t *testing.T, name string, b *Breach, codes ...int) {
	t.Helper()
	if b == nil {
		return
	}
	if !slices.Contains(codes, b.Code) {
		t.Errorf("%q: close code %d", name, b.Code)
	}
	if !section.MatchString(b.Section) {
		t.Errorf("%q: %q is no section", name, b.Section)
	}
}

func TestClosesSayWhatToExpect(t *testing.T) {
	cases, err := Closes()
	table(t, cases, err, func(c CloseCase) (string, string) { return c.Name, c.Section })
	lawful, refused := 0, 0
	for _, c := range cases {
		if len(c.Payload) > 125 {
			t.Errorf("%q: %d bytes do not fit in a control frame", c.Name, len(c.Payload))
		}
		checkBreach(t, c.Name, c.Error, 1002, 1007)
		if c.Error != nil {
			refused++
			if c.Code != 0 || c.Reason != "" {
				t.Errorf("%q: an error and code %d, reason %q too", c.Name, c.Code, c.Reason)
			}
			continue
		}
		lawful++
		var want []byte
		if c.Code != 1005 {
			want = append(want, byte(c.Code>>8), byte(c.Code))
			want = append(want, c.Reason...)
		}
		if c.Code < 0 || c.Code > math.MaxUint16 || !bytes.Equal(c.Payload, want) {
			t.Errorf("%q: % X is not code %d and reason %q", c.Name, c.Payload, c.Code, c.Reason)
		}
	}
	if lawful == 0 || refused == 0 {
		t.Errorf("%d lawful, %d refused", lawful, refused)
	}
}

func TestUTF8SaysWhatToExpect(t *testing.T) {
	cases, err := UTF8()
	table(t, cases, err, func(c UTF8Case) (string, string) { return c.Name, c.Section })
	count := map[string]int{}
	for _, c := range cases {
		count[c.Verdict]++
		if got := utf8.Valid(c.Bytes); got != (c.Verdict == Valid) {
			t.Errorf("%q: the standard library says %v", c.Name, got)
		}
		if c.At < 0 || c.At > 0 && c.Verdict != Invalid || c.Verdict == Invalid && c.At >= len(c.Bytes) {
			t.Errorf("%q: %s at %d of %d bytes", c.Name, c.Verdict, c.At, len(c.Bytes))
		}
	}
	if len(count) != 3 || count[Valid] == 0 || count[Unfinished] == 0 || count[Invalid] == 0 {
		t.Errorf("verdicts: %v", count)
	}
}

// One case a line keeps a diff as small as the change.
func TestEachLineIsACase(t *testing.T) {
	files, err := fs.Glob(FS, "*.json")
	if err != nil || len(files) != 3 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		b, err := FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
		if string(lines[0]) != "[" || string(lines[len(lines)-1]) != "]" {
			t.Errorf("%s: the brackets have no lines of their own", file)
		}
		for i, line := range lines[1 : len(lines)-1] {
			if !json.Valid(bytes.TrimSuffix(line, []byte(","))) {
				t.Errorf("%s:%d: not one case: %s", file, i+2, line)
			}
		}
	}
}

func TestAHexThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"0", "0g", "00 0", "0x00", "00,00"} {
		if err := new(Hex).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	var h Hex
	if err := h.UnmarshalText([]byte("81 00fF")); err != nil || !bytes.Equal(h, []byte{0x81, 0x00, 0xff}) {
		t.Errorf("% X, %v", h, err)
	}
}

func TestATableThatIsNotThereIsAnError(t *testing.T) {
	if _, err := load[FrameCase]("none.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAFieldThatNobodyKnowsIsAnError(t *testing.T) {
	if _, err := load[CloseCase]("frames.json"); err == nil {
		t.Error("frames are taken for close payloads")
	}
}
