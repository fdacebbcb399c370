package testdata

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var section = regexp.MustCompile(`^RFC (3629|3986|4648|6454|6455|6585|7692|8441|9110|9112|9113|9220) [1-9][0-9]*(\.[1-9][0-9]*)*$`)

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

func TestHandshakesSayWhatToExpect(t *testing.T) {
	cases, err := Handshakes()
	table(t, cases, err, func(c HandshakeCase) (string, string) { return c.Name, c.Section })
	count := map[string]int{}
	for _, c := range cases {
		checkIDs(t, c.Name, c.IDs)
		if (c.Accept == nil) == (c.Refuse == nil) {
			t.Errorf("%q: neither accepted nor refused, or both", c.Name)
			continue
		}
		if c.Request == "" && len(c.HTTP2) == 0 {
			t.Errorf("%q: no request", c.Name)
		}
		var http2 []Latin1
		for _, f := range c.HTTP2 {
			http2 = append(http2, f[0], f[1])
			if f[0] == "" || f[0] != Latin1(strings.ToLower(string(f[0]))) {
				t.Errorf("%q: HTTP/2 field %q", c.Name, f[0])
			}
		}
		if c.Request != "" {
			checkFill(t, c.Name, c.Fill, c.Request)
		}
		if len(http2) > 0 {
			checkFill(t, c.Name, c.Fill, http2...)
		}
		for _, a := range c.Also {
			if a.By != ByServer && a.By != ByHTTP && a.By != ByProxy || a.Why == "" || a.Status < 101 || a.Status > 599 {
				t.Errorf("%q: also %+v", c.Name, a)
			}
			if a.Status == 101 && c.Accept != nil || c.Refuse != nil && a.Status == c.Refuse.Status {
				t.Errorf("%q: %+v is no other answer", c.Name, a)
			}
		}
		if c.Refuse != nil {
			count["refused"]++
			if c.Refuse.Status < 400 || c.Refuse.Status > 599 {
				t.Errorf("%q: refused with %d", c.Name, c.Refuse.Status)
			}
			continue
		}
		count["accepted"]++
		checkAgreement(t, c)
	}
	if count["refused"] == 0 || count["accepted"] == 0 {
		t.Errorf("verdicts: %v", count)
	}
}

// checkAgreement holds what a server is to answer to what it was asked.
func checkAgreement(t *testing.T, c HandshakeCase) {
	t.Helper()
	if c.Request != "" {
		key := regexp.MustCompile(`(?i)\r?\nsec-websocket-key:[ \t]*([^ \t\r\n]*)`).FindSubmatch(c.Wire())
		if key == nil || c.Accept.Key != acceptKey(string(key[1])) {
			t.Errorf("%q: %q answers %q", c.Name, c.Accept.Key, key)
		}
	}
	request := string(c.Wire())
	for _, f := range c.HTTP2Fields() {
		request += f[1]
	}
	if s := c.Accept.Subprotocol; s != "" && (!slices.Contains(c.Setup.Subprotocols, s) || !strings.Contains(request, s)) {
		t.Errorf("%q: nobody spoke of %q", c.Name, s)
	}
	if c.Accept.Extensions != "" && (c.Setup.Deflate == nil || !strings.HasPrefix(c.Accept.Extensions, "permessage-deflate")) {
		t.Errorf("%q: %q was not on", c.Name, c.Accept.Extensions)
	}
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// id is a row of the behaviour table, or a hostile test.
var id = regexp.MustCompile(`^(row [1-9][0-9]*|[A-Z][0-9]+)$`)

func checkIDs(t *testing.T, name string, ids []string) {
	t.Helper()
	for i, s := range ids {
		if !id.MatchString(s) || slices.Contains(ids[:i], s) {
			t.Errorf("%q: id %q", name, s)
		}
	}
}

// checkFill fails t unless every code point of texts is a byte or a place, and
// each place has its fill.
func checkFill(t *testing.T, name string, fill []Fill, texts ...Latin1) {
	t.Helper()
	places := 0
	for _, text := range texts {
		places += text.places()
		if strings.ContainsFunc(string(text), func(c rune) bool { return c > 0xff && c != place }) {
			t.Errorf("%q: %q is not bytes", name, text)
		}
	}
	if places != len(fill) {
		t.Errorf("%q: %d places and %d fills", name, places, len(fill))
	}
	for _, f := range fill {
		if f.Times < 1 || f.Text == "" || f.Text.places() > 0 || strings.ContainsFunc(string(f.Text), func(c rune) bool { return c > 0xff }) {
			t.Errorf("%q: fill %+v", name, f)
		}
	}
}

func TestResponsesSayWhatToExpect(t *testing.T) {
	cases, err := Responses()
	table(t, cases, err, func(c ResponseCase) (string, string) { return c.Name, c.Section })
	count := map[string]int{}
	for _, c := range cases {
		checkIDs(t, c.Name, c.IDs)
		checkFill(t, c.Name, c.Fill, c.Response)
		if key, err := base64.StdEncoding.DecodeString(c.Request.Key); err != nil || len(key) != 16 {
			t.Errorf("%q: key %q", c.Name, c.Request.Key)
		}
		switch {
		case (c.Accept == nil) == (c.Refuse == nil):
			t.Errorf("%q: neither accepted nor refused, or both", c.Name)
		case c.Accept != nil:
			count["accepted"]++
			head, ok := bytes.CutSuffix(c.Wire(), c.Rest())
			if !ok || !bytes.Contains(head, []byte(acceptKey(c.Request.Key))) || !bytes.HasSuffix(head, []byte("\n")) {
				t.Errorf("%q: the head is %.300q", c.Name, head)
			}
			if s := c.Accept.Subprotocol; s != "" && !slices.Contains(c.Request.Subprotocols, s) {
				t.Errorf("%q: %q was not asked for", c.Name, s)
			}
		default:
			count[c.Refuse.Stage]++
			if c.Refuse.Stage == StageExtension && c.Refuse.Status != 101 || len(c.Refuse.Body) > 1<<10 {
				t.Errorf("%q: %+v", c.Name, c.Refuse)
			}
		}
	}
	if len(count) != 4 || count["accepted"] == 0 || count[StageHead] == 0 || count[StageHandshake] == 0 || count[StageExtension] == 0 {
		t.Errorf("verdicts: %v", count)
	}
}

func TestALatin1IsBytes(t *testing.T) {
	fill := []Fill{{"ab", 2}, {"\u00ff", 3}, {"never", 1}}
	got, left := Latin1("\x00…é…\u00ff").wire(fill)
	if want := "\x00abab\xe9\xff\xff\xff\xff"; string(got) != want || len(left) != 1 {
		t.Errorf("%q and %v left, want %q", got, left, want)
	}
}

// One case a line keeps a diff as small as the change.
func TestEachLineIsACase(t *testing.T) {
	files, err := fs.Glob(FS, "*.json")
	if err != nil || len(files) != 5 {
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
