package interop

import (
	"strings"
	"testing"
)

func TestTheServerPicksASubprotocolThatBothKnow(t *testing.T) { // RFC 6455 1.9
	needNode(t)
	s := serve(t, "-subprotocols", "chat.v2,chat.v1")
	cases := []struct {
		offered []string
		library foreign
		want    string
	}{
		{[]string{"chat.v1"}, ws, "chat.v1"},
		{[]string{"chat.v1"}, undici, "chat.v1"},
		{[]string{"other", "chat.v2"}, ws, "chat.v2"},
		{[]string{"other", "chat.v2"}, undici, "chat.v2"},
		{nil, ws, ""},
		{nil, undici, ""},
	}
	for _, c := range cases {
		t.Run(string(c.library)+"/"+strings.Join(c.offered, ","), func(t *testing.T) {
			with := options{}
			if c.offered != nil {
				with["protocols"] = c.offered
			}
			var seen struct {
				Protocol string
				ending
			}
			c.library.does(t, s.ws("/echo"), "subprotocol", with, &seen)
			if seen.Protocol != c.want {
				t.Errorf("subprotocol %q, want %q", seen.Protocol, c.want)
			}
		})
	}
}
