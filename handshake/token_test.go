package handshake

import (
	"testing"

	"pgregory.net/rapid"
)

func TestATokenIsMadeOfTokenBytesOnly(t *testing.T) {
	// RFC 9110 5.6.2, byte by byte.
	const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	want := map[byte]bool{}
	for _, c := range []byte(tchar) {
		want[c] = true
	}
	for c := range 256 {
		if got := isToken(string([]byte{byte(c)})); got != want[byte(c)] {
			t.Errorf("isToken(%q) = %v", []byte{byte(c)}, got)
		}
	}
	if isToken("") {
		t.Error("an empty string is a token")
	}
}

func TestATokenIsFoundInListsWhateverItsCase(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		want   bool
	}{
		{"alone", []string{"websocket"}, true},
		{"upper case", []string{"WebSocket"}, true},
		{"last of a list (H5)", []string{"foo, websocket"}, true},
		{"in the second line", []string{"foo", "bar ,\twebsocket\t"}, true},
		{"between empty elements, RFC 9110 5.6.1", []string{",, websocket ,"}, true},
		{"no line", nil, false},
		{"empty line", []string{""}, false},
		{"longer (H5)", []string{"websocketx"}, false},
		{"with a version", []string{"websocket/13"}, false},
		{"two words", []string{"websocket foo"}, false},
		{"quoted", []string{`"websocket"`}, false},
		{"Kelvin sign for k", []string{"websoc\u212aet"}, false},
		{"long s for s", []string{"web\u017focket"}, false},
		{"no-break space around", []string{"\u00a0websocket\u00a0"}, false},
		{"vertical tab around", []string{"\vwebsocket"}, false},
	} {
		if got := hasToken(c.values, "websocket"); got != c.want {
			t.Errorf("%s: hasToken(%q) = %v", c.name, c.values, got)
		}
	}
}

// drawLines draws field values from bytes that the grammars care for.
func drawLines(t *rapid.T) []string {
	value := rapid.StringOfN(rapid.RuneFrom([]rune("ab,; =\t\"\\é")), 0, 12, -1)
	return rapid.SliceOfN(value, 1, 4).Draw(t, "lines")
}
