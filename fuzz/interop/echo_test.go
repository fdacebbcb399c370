package interop

import "testing"

func TestEveryClientGetsItsMessagesBack(t *testing.T) {
	needNode(t)
	for _, flags := range [][]string{nil, {"-deflate", "-deflate-threshold", "1"}} {
		name, want := "plain", ""
		if flags != nil {
			name, want = "deflate", "permessage-deflate"
		}
		t.Run(name, func(t *testing.T) {
			s := serve(t, flags...)
			for _, library := range both {
				for _, message := range []string{"text", "binary", "mebibyte"} {
					t.Run(string(library)+"/"+message, func(t *testing.T) {
						var seen struct {
							Extensions string
							ending
						}
						library.does(t, s.ws("/echo"), message, options{"deflate": options{}}, &seen)
						wantEnding(t, seen.ending, 1000, "")
						if got := extensionName(seen.Extensions); got != want {
							t.Errorf("extensions %q, want %q", seen.Extensions, want)
						}
					})
				}
			}
		})
	}
}

func TestPipelinedMessagesComeBackInOrder(t *testing.T) {
	needNode(t)
	s := serve(t)
	for _, library := range both {
		t.Run(string(library), func(t *testing.T) {
			var end ending
			library.does(t, s.ws("/echo"), "pipelined", options{"count": 2000}, &end)
			wantEnding(t, end, 1000, "")
		})
	}
}

func TestAPingBringsItsPayloadBack(t *testing.T) { // RFC 6455 5.5.3
	needNode(t)
	var seen struct {
		Pongs int
		ending
	}
	ws.does(t, serve(t).ws("/echo"), "ping", nil, &seen)
	if seen.Pongs != 3 {
		t.Errorf("%d pongs, want 3", seen.Pongs)
	}
	wantEnding(t, seen.ending, 1000, "")
}

func TestAPongPassesBetweenFragments(t *testing.T) { // RFC 6455 5.4
	needNode(t)
	var seen struct {
		Order []string
		ending
	}
	ws.does(t, serve(t).ws("/echo"), "fragments", nil, &seen)
	if len(seen.Order) != 2 || seen.Order[0] != "pong" {
		t.Errorf("came in order %q, want the pong first, then the message", seen.Order)
	}
	wantEnding(t, seen.ending, 1000, "")
}
