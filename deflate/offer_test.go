package deflate

import (
	"errors"
	"iter"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// list yields the parameters of s, as in "server_max_window_bits=10; x".
func list(s string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for param := range strings.SplitSeq(s, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			if name != "" && !yield(name, value) {
				return
			}
		}
	}
}

func TestAnOfferIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		params string
		want   Offer
	}{
		{"", Offer{}},
		{"server_no_context_takeover", Offer{Params: Params{ServerNoContextTakeover: true}}},
		{"client_no_context_takeover", Offer{Params: Params{ClientNoContextTakeover: true}}},
		{"server_max_window_bits=8", Offer{Params: Params{ServerMaxWindowBits: 8}}},
		{"server_max_window_bits=9", Offer{Params: Params{ServerMaxWindowBits: 9}}},
		{"server_max_window_bits=10", Offer{Params: Params{ServerMaxWindowBits: 10}}},
		{"server_max_window_bits=15", Offer{Params: Params{ServerMaxWindowBits: 15}}},
		{"client_max_window_bits", Offer{ClientWindow: true}},
		{"client_max_window_bits=8", Offer{Params: Params{ClientMaxWindowBits: 8}, ClientWindow: true}},
		{"client_max_window_bits=15", Offer{Params: Params{ClientMaxWindowBits: 15}, ClientWindow: true}},
		{
			"client_max_window_bits; server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover",
			Offer{Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 12}, true},
		},
	} {
		got, err := ParseOffer(list(c.params))
		if err != nil {
			t.Errorf("%q: %v", c.params, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.params, diff)
		}
	}
	if got, err := ParseOffer(nil); got != (Offer{}) || err != nil {
		t.Errorf("no parameters: %v, %v", got, err)
	}
}

func TestAMalformedParameterIsRefused(t *testing.T) {
	for _, c := range []struct{ params, section string }{
		{"server_max_window_bits=7", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=16", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=0", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=08", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=010", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=+9", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=-9", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=9.0", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=1e1", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=1000", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=\u0661\u0660", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits", "RFC 7692 7.1.2.1"},
		{"client_max_window_bits=7", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=16", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=1:", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=1/", "RFC 7692 7.1.2.2"},
		{"server_no_context_takeover=1", "RFC 7692 7.1.1.1"},
		{"server_no_context_takeover=true", "RFC 7692 7.1.1.1"},
		{"client_no_context_takeover=15", "RFC 7692 7.1.1.2"},
		{"unknown", "RFC 7692 7"},
		{"Server_max_window_bits=10", "RFC 7692 7"},
		{"server_max_window_bits=10; x=1", "RFC 7692 7"},
		{"server_max_window_bits=10; server_max_window_bits=10", "RFC 7692 7"},
		{"client_max_window_bits; client_max_window_bits=10", "RFC 7692 7"},
		{"client_no_context_takeover; client_no_context_takeover", "RFC 7692 7"},
	} {
		for what, parse := range map[string]func(iter.Seq2[string, string]) error{
			"offer":    func(p iter.Seq2[string, string]) error { _, err := ParseOffer(p); return err },
			"response": func(p iter.Seq2[string, string]) error { _, err := ParseResponse(p); return err },
		} {
			err := parse(list(c.params))
			var pe *ParameterError
			if !errors.As(err, &pe) {
				t.Errorf("%s %q: got %v, want a ParameterError", what, c.params, err)
				continue
			}
			if pe.Section != c.section {
				t.Errorf("%s %q: got section %q, want %q", what, c.params, pe.Section, c.section)
			}
			if !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Errorf("%s %q: error is %q", what, c.params, err)
			}
		}
	}
}

func TestAResponseNamesTheClientsWindowWithItsBits(t *testing.T) {
	if _, err := ParseResponse(list("client_max_window_bits")); err == nil {
		t.Error("no error (RFC 7692 7.1.2.2)")
	}
}

func TestAHostileNameDoesNotFillTheLog(t *testing.T) {
	_, err := ParseOffer(list(strings.Repeat("\n", 10) + "x\r" + strings.Repeat("y", 10000) + "=" + strings.Repeat("\x00", 10000)))
	if s := err.Error(); len(s) > 1000 || strings.ContainsAny(s, "\r\n\x00") {
		t.Errorf("%d bytes: %.100q", len(s), s)
	}
}

func TestAnOfferIsAnswered(t *testing.T) {
	for _, c := range []struct {
		offer  string
		want   Params // what the server would like
		answer string
		rfc    string
	}{
		{"", Params{}, "", "RFC 7692 7.1"},
		{"client_max_window_bits", Params{}, "", "RFC 7692 7.1.2.2"},

		{"server_no_context_takeover", Params{}, "server_no_context_takeover", "RFC 7692 7.1.1.1"},
		{"", Params{ServerNoContextTakeover: true}, "server_no_context_takeover", "RFC 7692 7.1.1.1"},
		{"client_no_context_takeover", Params{}, "client_no_context_takeover", "RFC 7692 7.1.1.2"},
		{"", Params{ClientNoContextTakeover: true}, "client_no_context_takeover", "RFC 7692 7.1.1.2"},

		{"server_max_window_bits=8", Params{}, "server_max_window_bits=8", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=10", Params{ServerMaxWindowBits: 12}, "server_max_window_bits=10", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=12", Params{ServerMaxWindowBits: 10}, "server_max_window_bits=10", "RFC 7692 7.1.2.1"},
		{"server_max_window_bits=15", Params{}, "server_max_window_bits=15", "RFC 7692 7.1.2.1"},
		{"", Params{ServerMaxWindowBits: 10}, "server_max_window_bits=10", "RFC 7692 7.1.2.1"},

		{"", Params{ClientMaxWindowBits: 10}, "", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits", Params{ClientMaxWindowBits: 10}, "client_max_window_bits=10", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=9", Params{ClientMaxWindowBits: 10}, "client_max_window_bits=9", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=12", Params{ClientMaxWindowBits: 10}, "client_max_window_bits=10", "RFC 7692 7.1.2.2"},
		{"client_max_window_bits=12", Params{}, "client_max_window_bits=12", "RFC 7692 7.1.2.2"},

		{
			"permessage=no", Params{}, "declined", "RFC 7692 7",
		},
		{
			"server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits",
			Params{ClientMaxWindowBits: 11},
			"server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11",
			"RFC 7692 7.1",
		},
	} {
		got := "declined"
		if offer, err := ParseOffer(list(c.offer)); err == nil {
			if agreed, ok := offer.Accept(c.want); ok {
				got = format(agreed.All())
			}
		}
		if got != c.answer {
			t.Errorf("%q, want %+v: got %q, want %q (%s)", c.offer, c.want, got, c.answer, c.rfc)
		}
	}
}

// format writes parameters as they go on the wire.
func format(params iter.Seq2[string, string]) string {
	var s []string
	for name, value := range params {
		if value != "" {
			name += "=" + value
		}
		s = append(s, name)
	}
	return strings.Join(s, "; ")
}

func TestAnOfferOutOfRangeIsDeclined(t *testing.T) {
	for _, bits := range []int{-1, 1, 7, 16, 1000} {
		for _, p := range []Params{{ServerMaxWindowBits: bits}, {ClientMaxWindowBits: bits}} {
			if agreed, ok := (Offer{Params: p}).Accept(Params{}); ok {
				t.Errorf("offer of %+v: agreed to %+v", p, agreed)
			}
			if agreed, ok := (Offer{}).Accept(p); ok {
				t.Errorf("want %+v: agreed to %+v", p, agreed)
			}
		}
	}
}

func TestAResponseIsVerified(t *testing.T) {
	for _, c := range []struct {
		offer, response string
		param           string // the parameter at fault; "" if there is none
	}{
		{"", "", ""},
		{"", "server_no_context_takeover; client_no_context_takeover", ""},
		{"", "server_max_window_bits=10", ""},
		{"", "client_max_window_bits=10", "client_max_window_bits"},
		{"", "client_max_window_bits=15", "client_max_window_bits"},
		{"server_no_context_takeover", "", "server_no_context_takeover"},
		{"server_no_context_takeover", "client_no_context_takeover", "server_no_context_takeover"},
		{"server_no_context_takeover", "server_no_context_takeover", ""},
		{"client_no_context_takeover", "", ""},
		{"server_max_window_bits=10", "", "server_max_window_bits"},
		{"server_max_window_bits=10", "server_max_window_bits=11", "server_max_window_bits"},
		{"server_max_window_bits=10", "server_max_window_bits=10", ""},
		{"server_max_window_bits=10", "server_max_window_bits=8", ""},
		{"client_max_window_bits", "", ""},
		{"client_max_window_bits", "client_max_window_bits=8", ""},
		{"client_max_window_bits", "client_max_window_bits=15", ""},
		{"client_max_window_bits=10", "", ""},
		{"client_max_window_bits=10", "client_max_window_bits=9", ""},
		{"client_max_window_bits=10", "client_max_window_bits=11", "client_max_window_bits"},
	} {
		offer, err := ParseOffer(list(c.offer))
		if err != nil {
			t.Fatal(err)
		}
		agreed, err := ParseResponse(list(c.response))
		if err != nil {
			t.Fatal(err)
		}
		var pe *ParameterError
		err = offer.Verify(agreed)
		switch {
		case c.param == "" && err != nil:
			t.Errorf("offer %q, response %q: %v", c.offer, c.response, err)
		case c.param != "" && (!errors.As(err, &pe) || pe.Name != c.param):
			t.Errorf("offer %q, response %q: got %v, want %s at fault", c.offer, c.response, err, c.param)
		}
	}
}

func TestAResponseOutOfRangeIsRefused(t *testing.T) {
	for _, bits := range []int{-1, 7, 16, 1000} {
		for _, p := range []Params{{ServerMaxWindowBits: bits}, {ClientMaxWindowBits: bits}} {
			if err := (Offer{ClientWindow: true}).Verify(p); err == nil {
				t.Errorf("%+v is verified", p)
			}
		}
	}
}

var anyBits = rapid.OneOf(rapid.Just(0), rapid.IntRange(8, 15))

var anyParams = rapid.Custom(func(t *rapid.T) Params {
	return Params{
		ServerNoContextTakeover: rapid.Bool().Draw(t, "server_no_context_takeover"),
		ClientNoContextTakeover: rapid.Bool().Draw(t, "client_no_context_takeover"),
		ServerMaxWindowBits:     anyBits.Draw(t, "server_max_window_bits"),
		ClientMaxWindowBits:     anyBits.Draw(t, "client_max_window_bits"),
	}
})

func TestWhatAServerAgreesToItsClientVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offer := Offer{Params: anyParams.Draw(t, "offer"), ClientWindow: rapid.Bool().Draw(t, "client window")}
		want := anyParams.Draw(t, "want")

		received, err := ParseOffer(offer.All())
		if err != nil {
			t.Fatal(err)
		}
		agreed, ok := received.Accept(want)
		if !ok {
			t.Fatal("declined")
		}
		response, err := ParseResponse(agreed.All())
		if err != nil {
			t.Fatal(err)
		}
		if response != agreed {
			t.Fatalf("agreed to %+v, response is %+v", agreed, response)
		}
		if err := offer.Verify(response); err != nil {
			t.Fatal(err)
		}
		if want.ServerMaxWindowBits != 0 && agreed.FromServer().WindowBits > want.ServerMaxWindowBits {
			t.Fatalf("the server's window is larger than it wants: %+v", agreed)
		}
	})
}

func TestAllMayBeLeftAtAnyParameter(t *testing.T) {
	offer := Offer{Params{true, true, 9, 10}, true}
	whole := maps.Collect(offer.All())
	for stop := 1; stop <= len(whole); stop++ {
		n := 0
		for range offer.All() {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("left at %d, came to %d", stop, n)
		}
	}
}

func TestAWindowThatIsNotNamedIsTheLargest(t *testing.T) {
	for _, c := range []struct {
		params         Params
		server, client Direction
	}{
		{Params{}, Direction{15, true}, Direction{15, true}},
		{Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 9}, Direction{9, false}, Direction{15, true}},
		{Params{ClientNoContextTakeover: true, ClientMaxWindowBits: 9}, Direction{15, true}, Direction{9, false}},
	} {
		if got := c.params.FromServer(); got != c.server {
			t.Errorf("%+v: from server %+v, want %+v", c.params, got, c.server)
		}
		if got := c.params.FromClient(); got != c.client {
			t.Errorf("%+v: from client %+v, want %+v", c.params, got, c.client)
		}
	}
}
