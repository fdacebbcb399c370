package handshake

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"math/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// said is what a request or a response means, however it is written.
type said struct {
	Key          string
	Subprotocols []string
	Extensions   string
}

func meaning(t *rapid.T, req Request) said {
	t.Helper()
	extensions, err := ParseExtensions(req.Extensions)
	if err != nil {
		t.Fatalf("%q: %v", req.Extensions, err)
	}
	return said{req.Key, slices.Concat([]string{}, req.Subprotocols), printAll(extensions)}
}

func drawExtension(t *rapid.T) Extension {
	token := rapid.StringMatching(tokenPattern)
	params := rapid.SliceOfN(token, 0, 3).Draw(t, "parameters")
	e := NewExtension(token.Draw(t, "extension"), func(yield func(string, string) bool) {
		for i, name := range params {
			if !yield(name, []string{"", "10", name}[i]) {
				return
			}
		}
	})
	return e
}

func drawRequest(t *rapid.T) Request {
	req := Request{
		Key:          NewKey(),
		Subprotocols: rapid.SliceOfNDistinct(rapid.StringMatching(tokenPattern), 0, 4, rapid.ID[string]).Draw(t, "subprotocols"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "extension lines") {
		req.Extensions = append(req.Extensions, drawExtension(t).String())
	}
	return req
}

func drawExtra(t *rapid.T) http.Header {
	h := http.Header{}
	for range rapid.IntRange(0, 3).Draw(t, "fields") {
		name := rapid.StringMatching("X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}").Draw(t, "name")
		h[http.CanonicalHeaderKey(name)] = rapid.SliceOfN(rapid.StringMatching("[!-~]([ \t!-~]{0,8}[!-~])?"), 1, 2).Draw(t, "values")
	}
	return h
}

// requestDoors are the ways from what a client asks to what a server reads.
var requestDoors = []struct {
	name string
	pass func(t *rapid.T, req Request, extra http.Header) (Request, http.Header, error)
}{
	{"Head", func(t *rapid.T, req Request, extra http.Header) (Request, http.Header, error) {
		var h Head
		const behind = "\x81\x80\x00\x00\x00\x00"
		piece := rapid.IntRange(1, 1000).Draw(t, "piece")
		stream := &inPieces{string(mustAppend(t, req, extra)) + behind, piece}
		rest, err := ReadHead(stream, &h, make([]byte, rapid.IntRange(0, 2000).Draw(t, "buffer")))
		if err != nil || string(rest)+stream.text != behind {
			t.Fatalf("%q behind the head, %v", string(rest)+stream.text, err)
		}
		fields := http.Header{}
		for name, value := range h.All() {
			name = http.CanonicalHeaderKey(name)
			fields[name] = append(fields[name], value)
		}
		got, err := h.Request()
		return got, fields, err
	}},
	{"net/http", func(t *rapid.T, req Request, extra http.Header) (Request, http.Header, error) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(mustAppend(t, req, extra)))))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseRequest(r)
		return got, r.Header, err
	}},
	{"SetHeader", func(t *rapid.T, req Request, extra http.Header) (Request, http.Header, error) {
		r := &http.Request{Method: "GET", ProtoMajor: 1, ProtoMinor: 1, Host: "example.com", Header: maps.Clone(extra)}
		if err := req.SetHeader(r.Header); err != nil {
			t.Fatal(err)
		}
		got, err := ParseRequest(r)
		return got, r.Header, err
	}},
	{"HTTP/2", func(t *rapid.T, req Request, extra http.Header) (Request, http.Header, error) {
		key := req.Key
		req.Key = ""
		r := h2Connect()
		r.Header = maps.Clone(extra)
		if err := req.SetHeader(r.Header); err != nil {
			t.Fatal(err)
		}
		if r.Header["Sec-Websocket-Key"] != nil || r.Header["Upgrade"] != nil || r.Header["Connection"] != nil {
			t.Fatalf("HTTP/2 with %q", r.Header)
		}
		r.Header[":protocol"] = []string{"websocket"}
		got, err := ParseRequest(r)
		if got.Key != "" {
			t.Fatalf("HTTP/2 with the key %q", got.Key)
		}
		got.Key = key
		return got, r.Header, err
	}},
}

func mustAppend(t *rapid.T, req Request, extra http.Header) []byte {
	head, err := AppendRequest(nil, &url.URL{Scheme: "ws", Host: "example.com"}, req, extra)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func TestARequestIsTheSameBehindEveryDoor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		req, extra := drawRequest(t), drawExtra(t)
		for range 3 {
			want := meaning(t, req)
			var read Request
			for _, door := range requestDoors {
				name := door.name
				got, fields, err := door.pass(t, req, extra)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(want, meaning(t, got)); diff != "" {
					t.Fatalf("%s: %s", name, diff)
				}
				for name, values := range extra {
					if !slices.Equal(fields[name], values) {
						t.Fatalf("%s: %q, want %q", name, fields[name], values)
					}
				}
				if name == "net/http" {
					read = got
				}
			}
			// What was read is changed, and asked again.
			req = Request{Key: NewKey(), Subprotocols: slices.Clone(read.Subprotocols), Extensions: slices.Clone(read.Extensions)}
			slices.Reverse(req.Subprotocols)
			if len(req.Subprotocols) > 1 {
				req.Subprotocols = req.Subprotocols[1:]
			}
			req.Extensions = append(req.Extensions, drawExtension(t).String())
		}
	})
}

func TestAResponseIsTheSameBehindEveryDoor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		req, extra := drawRequest(t), drawExtra(t)
		offers, err := ParseExtensions(req.Extensions)
		if err != nil {
			t.Fatal(err)
		}
		var resp Response
		if len(req.Subprotocols) > 0 && rapid.Bool().Draw(t, "with a subprotocol") {
			resp.Subprotocol = rapid.SampledFrom(req.Subprotocols).Draw(t, "subprotocol")
		}
		for _, offer := range offers {
			if rapid.Bool().Draw(t, "agreed") {
				answer := drawExtension(t)
				answer.Name = offer.Name
				resp.Extensions = append(resp.Extensions, answer)
			}
		}
		want := said{"", []string{resp.Subprotocol}, printAll(resp.Extensions)}

		head, err := AppendResponse(nil, resp, req, extra)
		if err != nil {
			t.Fatal(err)
		}
		r, rest, err := ReadResponse(&inPieces{string(head), rapid.IntRange(1, 1000).Draw(t, "piece")}, nil)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%q: %v, %q behind it", head, err, rest)
		}
		fields := maps.Clone(extra)
		if err := resp.SetHeader(fields, req); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fields, r.Header); diff != "" {
			t.Fatalf("SetHeader: %s", diff)
		}
		overHTTP2 := &http.Response{StatusCode: 200, ProtoMajor: 2, Header: maps.Clone(extra)}
		keyless := req
		keyless.Key = ""
		if err := resp.SetHeader(overHTTP2.Header, keyless); err != nil {
			t.Fatal(err)
		}
		for name, answer := range map[string]func() (Response, error){
			"HTTP/1.1": func() (Response, error) { return ParseResponse(r, req) },
			"HTTP/2":   func() (Response, error) { return ParseResponse(overHTTP2, keyless) },
		} {
			got, err := answer()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, said{"", []string{got.Subprotocol}, printAll(got.Extensions)}); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
		// Another key, and the answer is none.
		req.Key = NewKey()
		if _, err := ParseResponse(r, req); err == nil {
			t.Fatal("it answers another key")
		}
	})
}

// isList says which fields are lists, whose elements may stand in several lines.
var isList = map[string]bool{"Connection": true, "Upgrade": true, "Sec-Websocket-Protocol": true, "Sec-Websocket-Extensions": true}

// rewrite writes a head in another way that means the same: RFC 9110 5.1 to
// 5.3, and 5.6.1.
func rewrite(t *rapid.T, head string) string {
	first, rest, _ := strings.Cut(head, "\r\n")
	rest, behind, _ := strings.Cut(rest, "\r\n\r\n")
	rnd := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	blank := func() string { return []string{"", "", " ", "\t", " \t "}[rnd.Intn(5)] }
	lines := map[string][]string{} // by canonical name, since their order counts
	var order []string
	for _, line := range strings.Split(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		value = trimSpace(value)
		canonical := http.CanonicalHeaderKey(name)
		values := []string{value}
		if isList[canonical] {
			values = values[:0]
			current := ""
			for i, element := range strings.Split(value, ",") {
				if i > 0 {
					if rnd.Intn(2) == 0 {
						values, current = append(values, current), ""
					} else {
						current += blank() + ","
					}
				}
				for range rnd.Intn(3) {
					current += blank() + ","
				}
				current += blank() + trimSpace(element)
			}
			for range rnd.Intn(3) {
				current += blank() + ","
			}
			values = append(values, current)
		}
		for _, value := range values {
			cased := []byte(name)
			for i, c := range cased {
				if 'a' <= lower(c) && lower(c) <= 'z' && rnd.Intn(2) == 0 {
					cased[i] ^= 0x20
				}
			}
			lines[canonical] = append(lines[canonical], string(cased)+":"+blank()+value+blank())
			order = append(order, canonical)
		}
	}
	rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	s := first + "\r\n"
	for _, name := range order {
		s += lines[name][0] + "\r\n"
		lines[name] = lines[name][1:]
	}
	return s + "\r\n" + behind
}

func TestHowARequestIsWrittenDoesNotChangeTheVerdict(t *testing.T) {
	heads := map[string]string{"a browser's": browser, "lists": edit("chat, superchat", "chat,superchat,, c , d")}
	for _, c := range refused {
		heads[c.name] = c.request
	}
	for name, head := range heads {
		t.Run(name, func(t *testing.T) {
			want, wantErr := judge(readRequest(t, head))
			rapid.Check(t, func(t *rapid.T) {
				again := rewrite(t, head)
				r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(again)))
				if err != nil {
					t.Fatalf("%q: %v", again, err)
				}
				got, err := judge(r)
				sameVerdict(t, again, got, err, want, wantErr)

				var h Head
				if _, err := h.Parse([]byte(again)); err != nil {
					var e *Error
					if strings.HasPrefix(head, "CONNECT") && errors.As(err, &e) && e.Status == 400 {
						return // a target that only net/http knows
					}
					t.Fatalf("%q: %v", again, err)
				}
				got, err = judgeRaw(&h)
				sameVerdict(t, again, got, err, want, wantErr)
			})
		})
	}
}

func sameVerdict(t *rapid.T, head string, got Request, err error, want Request, wantErr error) {
	t.Helper()
	if diff := cmp.Diff(wantErr, err); diff != "" {
		t.Fatalf("%q: %s", head, diff)
	}
	if wantErr == nil {
		if diff := cmp.Diff(meaning(t, want), meaning(t, got)); diff != "" {
			t.Fatalf("%q: %s", head, diff)
		}
	}
}

func TestReadHeadReadsNoMoreThanItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 3000).Draw(t, "limit")
		h := Head{Limits: HeadLimits{Bytes: limit, Line: -1, Fields: -1}}
		length := max(rapid.IntRange(limit-5, limit+5).Draw(t, "length"), len("GET / HTTP/1.1\r\n\r\n"))
		head := "GET /" + strings.Repeat("a", length-len("GET / HTTP/1.1\r\n\r\n")) + " HTTP/1.1\r\n\r\n"
		r := &countReader{r: io.MultiReader(&inPieces{head, rapid.IntRange(1, 4000).Draw(t, "piece")}, endless("x"))}
		_, err := ReadHead(r, &h, make([]byte, rapid.IntRange(0, 4000).Draw(t, "buffer")))
		if r.n > limit {
			t.Fatalf("%d bytes were read, with a limit of %d", r.n, limit)
		}
		if (err == nil) != (length <= limit) {
			t.Fatalf("a head of %d bytes, with a limit of %d: %v", length, limit, err)
		}
	})
}
