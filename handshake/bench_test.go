package handshake

import (
	"strings"
	"testing"
)

func BenchmarkServer(b *testing.B) {
	r := readRequest(b, browser)
	dst := make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		req, err := judge(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := AppendResponse(dst, Response{Subprotocol: "chat"}, req, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRawServer is BenchmarkServer without net/http, parsing included.
func BenchmarkRawServer(b *testing.B) {
	var h Head
	dst := make([]byte, 0, 1<<10)
	buf := make([]byte, 4<<10)
	r := strings.NewReader("")
	b.ReportAllocs()
	b.SetBytes(int64(len(browser)))
	for b.Loop() {
		r.Reset(browser)
		if _, err := ReadHead(r, &h, buf); err != nil {
			b.Fatal(err)
		}
		req, err := h.Request()
		if err != nil {
			b.Fatal(err)
		}
		if err := h.SameOrigin(true); err != nil {
			b.Fatal(err)
		}
		if _, err := AppendResponse(dst, Response{Subprotocol: "chat"}, req, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHostileLists reports what the strings of H3 cost at two lengths: the
// second should cost twice the first.
func BenchmarkHostileLists(b *testing.B) {
	for name, list := range map[string]func(n int) string{
		"escapes not closed": func(n int) string { return `a; b="` + strings.Repeat(`\c`, (n-6)/2) },
		"spaces":             func(n int) string { return "b" + strings.Repeat(" ", n-2) + "x" },
		"commas":             func(n int) string { return strings.Repeat(",", n) },
		"parameters":         func(n int) string { return "a" + strings.Repeat(";a", (n-1)/2) },
		"one token":          func(n int) string { return strings.Repeat("a", n) },
	} {
		for _, n := range []int{8 << 10, 16 << 10} {
			values := []string{list(n)}
			b.Run(name, func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					ParseExtensions(values)
					ParseSubprotocols(values)
					hasToken(values, "websocket")
				}
			})
		}
	}
}
