package interop

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestThePageEchoesText(t *testing.T) {
	ctx := browser(t)
	p := open(t, ctx, serve(t))
	for _, message := range []string{"hello, world", "κόσμε ☃ 𝄞"} {
		p.enter("#echo-input", message)
		p.click("#echo-send")
		p.see("#echo-verdict[data-verdict=identical]")
		if got := p.text("#echo-last"); got != message {
			t.Errorf("echoed %q, want %q", got, message)
		}
		if ms, err := strconv.ParseFloat(p.value("#echo-latency"), 64); err != nil || ms < 0 {
			t.Errorf("latency %q, want a number of milliseconds", p.value("#echo-latency"))
		}
	}
}

func TestThePageEchoesBinary(t *testing.T) {
	ctx := browser(t)
	p := open(t, ctx, serve(t))
	p.enter("#hex-input", "00 ff 80 0a")
	p.click("#hex-send")
	p.see("#binary-size[data-value='4']", "#binary-verdict[data-verdict=identical]")
	if got := strings.ToLower(strings.ReplaceAll(p.text("#binary-last"), " ", "")); got != "00ff800a" {
		t.Errorf("echoed %q, want 00 ff 80 0a", got)
	}

	p.enter("#random-size", "100000") // more than fits in one segment
	p.click("#random-send")
	p.see("#binary-size[data-value='100000']", "#binary-verdict[data-verdict=identical]")
}

func TestTwoTabsChat(t *testing.T) {
	ctx := browser(t)
	s := serve(t)
	anna := open(t, ctx, s)
	other, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	boris := open(t, other, s)

	say := func(from, to *tab, name, message string) {
		t.Helper()
		from.see("#chat-status[data-state=open]")
		to.see("#chat-status[data-state=open]")
		from.enter("#chat-name", name)
		from.enter("#chat-input", message)
		from.click("#chat-send")
		const heard, said = "#chat-log li[data-from=other]:last-child", "#chat-log li[data-from=me]:last-child"
		to.see(heard)
		from.see(said)
		for selector, want := range map[string]string{heard + " .name": name, heard + " .text": message} {
			if got := to.text(selector); got != want {
				t.Errorf("%s is %q, want %q", selector, got, want)
			}
		}
		if got := from.text(said + " .text"); got != message {
			t.Errorf("the sender's log says %q, want %q", got, message)
		}
	}
	say(anna, boris, "Anna", "good morning")
	say(boris, anna, "Boris", "<b>до́брое у́тро</b>")
}

func TestThePageNamesTheClose(t *testing.T) {
	ctx := browser(t)
	p := open(t, ctx, serve(t))
	cases := []struct{ code, reason, name string }{
		{"1000", "done", "Normal Closure"},
		{"3001", "κόσμε", ""}, // the registry has no name for it
		{"4999", "", ""},
	}
	for _, c := range cases {
		p.enter("#close-code", c.code)
		p.enter("#close-reason", c.reason)
		p.click("#close-send")
		p.see("#status[data-state=closed]", "#closed[data-state=closed]",
			"#closed-code[data-value='"+c.code+"']", "#closed-clean[data-value=true]")
		if got := p.text("#closed-name"); c.name != "" && got != c.name {
			t.Errorf("%s is named %q, want %q", c.code, got, c.name)
		}
		p.click("#reconnect")
		p.see("#status[data-state=open]")
	}
}

func TestThePageShowsThatTheServerGoesAway(t *testing.T) { // RFC 6455 7.4.1, code 1001
	ctx := browser(t)
	s := serve(t)
	p := open(t, ctx, s)
	if err := s.stop(); err != nil {
		t.Errorf("wsserve ended with %v, want status 0\n%s", err, &s.log)
	}
	p.see("#closed-code[data-value='1001']", "#closed-clean[data-value=true]")
}

func TestThePageRunsUncompressedAndCompressed(t *testing.T) {
	ctx := browser(t)
	for _, flags := range [][]string{nil, {"-deflate", "-deflate-threshold", "1"}} {
		t.Run("flags "+strings.Join(flags, " "), func(t *testing.T) {
			p := open(t, ctx, serve(t, flags...))
			if got, want := strings.HasPrefix(p.text("#fact-extensions"), "permessage-deflate"), flags != nil; got != want {
				t.Errorf("extensions %q, want permessage-deflate: %v", p.text("#fact-extensions"), want)
			}
			p.enter("#run-seconds", "1")
			p.click("#run-start")
			p.see("#run-state[data-state=done]")
			if n, err := strconv.Atoi(p.value("#run-count")); err != nil || n < 1 {
				t.Errorf("%q messages came back, want some", p.value("#run-count"))
			}
		})
	}
}
