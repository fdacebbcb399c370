package interop

import (
	"strings"
	"testing"
)

// extensionName returns the name of the one extension in a header field.
func extensionName(field string) string {
	name, _, _ := strings.Cut(field, ";")
	return strings.TrimSpace(name)
}

// extensionParams returns the parameters of the one extension in a header
// field: an absent value is "".
func extensionParams(field string) map[string]string {
	params := map[string]string{}
	for _, param := range strings.Split(field, ";")[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		params[name] = strings.Trim(value, `"`)
	}
	return params
}

// cost is what one echo took, in bytes on the wire.
type cost struct{ Sent, Received int }

// compressed is what the case of that name in node/wire.mjs saw.
type compressed struct {
	Extensions   string
	Size         int  // of the prose, in bytes
	Prose        cost // compresses well
	Noise        cost // does not compress
	First, Again cost // 100 bytes of noise twice, and the same again
	Empty        cost
	ending
}

// The client inflates with zlib and the window that was agreed, which refuses
// a distance larger than that: so a window too large shows as 1006 or 1007.
func TestCompressionKeepsToWhatWasAgreed(t *testing.T) { // RFC 7692 7.1, 7.2
	needNode(t)
	const serverNo, clientNo = "server_no_context_takeover", "client_no_context_takeover"
	const serverBits, clientBits = "server_max_window_bits", "client_max_window_bits"
	cases := []struct {
		name  string
		flags []string
		offer options           // of ws
		want  map[string]string // parameters that must be in the answer, with their values
		not   []string          // parameters that must not be
	}{
		{"both take over", nil, nil, nil, []string{serverNo, clientNo, serverBits}},
		{"the server does not take over", []string{"-takeover=false"}, nil, map[string]string{serverNo: ""}, nil},
		{"the client asks the server not to", nil, options{"serverNoContextTakeover": true}, map[string]string{serverNo: ""}, []string{clientNo}},
		{"the client says it will not", nil, options{"clientNoContextTakeover": true}, nil, []string{serverNo}},
		{"neither takes over", nil, options{"serverNoContextTakeover": true, "clientNoContextTakeover": true}, map[string]string{serverNo: ""}, nil},
		{"the server chooses 8 bits", []string{"-deflate-window", "8"}, nil, map[string]string{serverBits: "8"}, nil},
		{"the server chooses 9 bits", []string{"-deflate-window", "9"}, nil, map[string]string{serverBits: "9"}, nil},
		{"the server chooses 12 bits", []string{"-deflate-window", "12"}, nil, map[string]string{serverBits: "12"}, nil},
		{"the server chooses 12 bits, no takeover", []string{"-deflate-window", "12", "-takeover=false"}, nil, map[string]string{serverBits: "12", serverNo: ""}, nil},
		{"the client asks for 10 bits", nil, options{"serverMaxWindowBits": 10}, map[string]string{serverBits: "10"}, nil},
		{"the client asks for 8 bits", nil, options{"serverMaxWindowBits": 8}, map[string]string{serverBits: "8"}, nil},
		{"the smaller of both wishes", []string{"-deflate-window", "11"}, options{"serverMaxWindowBits": 13}, map[string]string{serverBits: "11"}, nil},
		{"the client keeps to 9 bits itself", nil, options{"clientMaxWindowBits": 9}, nil, []string{serverBits}},
		{"15 bits, named", []string{"-deflate-window", "15"}, options{"serverMaxWindowBits": 15}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, append([]string{"-deflate", "-deflate-threshold", "1"}, c.flags...)...)
			offer := c.offer
			if offer == nil {
				offer = options{}
			}
			var seen compressed
			ws.does(t, s.ws("/echo"), "compressed", options{"deflate": offer}, &seen)

			if name := extensionName(seen.Extensions); name != "permessage-deflate" {
				t.Fatalf("agreed on %q, want permessage-deflate", seen.Extensions)
			}
			params := extensionParams(seen.Extensions)
			for name, want := range c.want {
				if got, ok := params[name]; !ok || got != want {
					t.Errorf("agreed on %q, want %s=%q in it", seen.Extensions, name, want)
				}
			}
			for _, name := range c.not {
				if _, ok := params[name]; ok {
					t.Errorf("agreed on %q, want no %s in it", seen.Extensions, name)
				}
			}
			seen.check(t, params)
		})
	}
}

// check judges the bytes on the wire against the agreed parameters.
func (seen compressed) check(t *testing.T, params map[string]string) {
	t.Helper()
	_, serverAlone := params["server_no_context_takeover"]
	_, clientAlone := params["client_no_context_takeover"]
	wantEnding(t, seen.ending, 1000, "")
	if most := seen.Size * 95 / 100; seen.Prose.Received > most || seen.Prose.Sent > most {
		t.Errorf("prose of %d bytes took %+v on the wire, want it compressed both ways", seen.Size, seen.Prose)
	}
	if most := 70_000 + 500; seen.Noise.Received > most {
		t.Errorf("noise of 70000 bytes took %d to come back, want no more than %d", seen.Noise.Received, most)
	}
	if short := seen.Again.Received < 100; short == serverAlone {
		t.Errorf("200 bytes took %d bytes to come back, then %d: context taken over %v, agreed %v", seen.First.Received, seen.Again.Received, short, !serverAlone)
	}
	if clientAlone && seen.Again.Sent < 100 {
		t.Errorf("200 bytes took %d bytes to send, then %d: context taken over although the client agreed not to", seen.First.Sent, seen.Again.Sent)
	}
}

func TestNoCompressionUnlessBothWantIt(t *testing.T) {
	needNode(t)
	cases := []struct {
		name  string
		flags []string
		with  options
	}{
		{"the server does not", nil, options{"deflate": options{}}},
		{"the client does not", []string{"-deflate"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var seen compressed
			ws.does(t, serve(t, c.flags...).ws("/echo"), "compressed", c.with, &seen)
			if seen.Extensions != "" {
				t.Errorf("agreed on %q, want nothing", seen.Extensions)
			}
			for _, got := range []cost{seen.First, seen.Again} {
				// Four bytes of header, and the client's masking key.
				if want := (cost{208, 204}); got != want {
					t.Errorf("200 bytes took %+v, want %+v", got, want)
				}
			}
		})
	}
}

func TestUndiciOffersAndAcceptsCompression(t *testing.T) {
	needNode(t)
	for _, flags := range [][]string{nil, {"-takeover=false"}, {"-deflate-window", "10"}} {
		t.Run("flags "+strings.Join(flags, " "), func(t *testing.T) {
			s := serve(t, append([]string{"-deflate", "-deflate-threshold", "1"}, flags...)...)
			var seen struct {
				Extensions string
				ending
			}
			undici.does(t, s.ws("/echo"), "mebibyte", nil, &seen)
			if extensionName(seen.Extensions) != "permessage-deflate" {
				t.Errorf("agreed on %q, want permessage-deflate", seen.Extensions)
			}
			wantEnding(t, seen.ending, 1000, "")
		})
	}
}
