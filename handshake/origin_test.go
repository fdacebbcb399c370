package handshake

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// fromPage returns a request to host with the given Origin fields.
func fromPage(host string, secure bool, origins ...string) *http.Request {
	r := &http.Request{Method: "GET", ProtoMajor: 1, ProtoMinor: 1, Host: host, Header: http.Header{}}
	if origins != nil {
		r.Header["Origin"] = origins
	}
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	return r
}

// verdict returns the status of an origin's verdict, 0 if it may pass.
func verdict(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %#v", err)
	}
	return e.Status
}

func TestOnlyPagesOfTheSameOriginPass(t *testing.T) {
	// O1, RFC 6455 10.2, RFC 6454 5.
	for _, c := range []struct {
		name   string
		host   string
		secure bool
		origin []string
		status int
	}{
		{"absent", "example.com", false, nil, 0},
		{"same", "example.com", false, []string{"http://example.com"}, 0},
		{"same, with a port", "example.com:8080", false, []string{"http://example.com:8080"}, 0},
		{"same, secure", "example.com", true, []string{"https://example.com"}, 0},
		{"upper case in Origin", "example.com", false, []string{"HTTP://EXAMPLE.COM"}, 0},
		{"upper case in Host", "EXAMPLE.com", false, []string{"http://example.com"}, 0},
		{"one letter in upper case", "example.coM", false, []string{"httP://exAmple.com"}, 0},
		{"default port in Origin", "example.com", false, []string{"http://example.com:80"}, 0},
		{"default port in Host", "example.com:80", false, []string{"http://example.com"}, 0},
		{"default port, secure", "example.com:443", true, []string{"https://example.com"}, 0},
		{"localhost", "localhost:8080", false, []string{"http://localhost:8080"}, 0},
		{"IPv4", "127.0.0.1:8080", false, []string{"http://127.0.0.1:8080"}, 0},
		{"IPv6", "[::1]:8080", false, []string{"http://[::1]:8080"}, 0},
		{"IPv6, no port", "[::1]", false, []string{"http://[::1]"}, 0},
		{"IPv6, written in two ways", "[0:0::1]", false, []string{"http://[::1]:80"}, 0},
		{"underscore", "my_app:3000", false, []string{"http://my_app:3000"}, 0},
		{"trailing dot on both", "example.com.", false, []string{"http://example.com."}, 0},
		{"IDN in its ASCII form", "xn--bcher-kva.example", false, []string{"http://xn--bcher-kva.example"}, 0},

		{"other host", "example.com", false, []string{"http://evil.example"}, 403},
		{"other port", "example.com", false, []string{"http://example.com:8080"}, 403},
		{"other port in Host", "example.com:8080", false, []string{"http://example.com"}, 403},
		{"http page, https host", "example.com", true, []string{"http://example.com"}, 403},
		{"https page, http host", "example.com", false, []string{"https://example.com"}, 403},
		{"default port of the other scheme", "example.com:443", false, []string{"http://example.com"}, 403},
		{"other scheme", "example.com", false, []string{"ftp://example.com"}, 403},
		{"ws", "example.com", false, []string{"ws://example.com"}, 403},
		{"extension", "example.com", false, []string{"chrome-extension://example.com"}, 403},
		{"null", "example.com", false, []string{"null"}, 403},
		{"null and a host of that name", "null", false, []string{"null"}, 403},
		{"empty", "example.com", false, []string{""}, 403},
		{"good, evil", "example.com", false, []string{"http://example.com", "http://evil"}, 400},
		{"evil, good", "example.com", false, []string{"http://evil", "http://example.com"}, 400},
		{"good, good", "example.com", false, []string{"http://example.com", "http://example.com"}, 400},
		{"list in one field", "example.com", false, []string{"http://example.com http://evil"}, 403},
		{"comma list in one field", "example.com", false, []string{"http://example.com, http://example.com"}, 403},
		{"userinfo before evil", "example.com", false, []string{"http://example.com@evil"}, 403},
		{"userinfo before good", "example.com", false, []string{"http://evil@example.com"}, 403},
		{"good as prefix of a host", "example.com", false, []string{"http://example.com.evil"}, 403},
		{"good as suffix of a host", "example.com", false, []string{"http://evilexample.com"}, 403},
		{"subdomain", "example.com", false, []string{"http://a.example.com"}, 403},
		{"trailing dot in Origin", "example.com", false, []string{"http://example.com."}, 403},
		{"trailing dot in Host", "example.com.", false, []string{"http://example.com"}, 403},
		{"IDN, not in ASCII", "b\u00fccher.example", false, []string{"http://b\u00fccher.example"}, 403},
		{"Kelvin sign", "kelvin.example", false, []string{"http://\u212aelvin.example"}, 403},
		{"IPv6 without brackets", "[::1]", false, []string{"http://::1"}, 403},
		{"IPv6 with a zone", "[fe80::1%25eth0]", false, []string{"http://[fe80::1%25eth0]"}, 403},
		{"IPv6 not closed", "[::1", false, []string{"http://[::1"}, 403},
		{"behind the bracket", "[::1]x", false, []string{"http://[::1]x"}, 403},
		{"path", "example.com", false, []string{"http://example.com/"}, 403},
		{"query", "example.com", false, []string{"http://example.com?x"}, 403},
		{"fragment", "example.com", false, []string{"http://example.com#x"}, 403},
		{"backslash", "example.com", false, []string{`http://example.com\@evil`}, 403},
		{"no scheme", "example.com", false, []string{"example.com"}, 403},
		{"no scheme, slashes", "example.com", false, []string{"//example.com"}, 403},
		{"one slash", "example.com", false, []string{"http:/example.com"}, 403},
		{"as long as it should be, but for the colon", "example.com", false, []string{"http///example.com"}, 403},
		{"as long as it should be, but for the slashes", "example.com", false, []string{"http:::example.com"}, 403},
		{"as long as it should be, another scheme", "example.com", false, []string{"hTTq://example.com"}, 403},
		{"as long as it should be, another host", "example.com", false, []string{"http://example.con"}, 403},
		{"three slashes", "example.com", false, []string{"http:///example.com"}, 403},
		{"bad scheme", "example.com", false, []string{"1http://example.com"}, 403},
		{"empty host on both", "", false, []string{"http://"}, 403},
		{"empty port in Host", "example.com:", false, []string{"http://example.com"}, 403},
		{"empty port on both", "example.com:", false, []string{"http://example.com:"}, 403},
		{"port 0 on both", "example.com:0", false, []string{"http://example.com:0"}, 403},
		{"leading zero on both", "example.com:080", false, []string{"http://example.com:080"}, 403},
		{"port too large on both", "example.com:65536", false, []string{"http://example.com:65536"}, 403},
		{"port that is none on both", "example.com:+80", false, []string{"http://example.com:+80"}, 403},
		{"line break", "example.com", false, []string{"http://example.com\n"}, 403},
		{"space", "example.com", false, []string{"http://example.com "}, 403},
		{"Host that is none", "[", false, []string{"http://["}, 403},
		{"empty label on both", "a..b", false, []string{"http://a..b"}, 403},
	} {
		if got := verdict(t, SameOrigin(fromPage(c.host, c.secure, c.origin...))); got != c.status {
			t.Errorf("%s: %q to %q: status %d, want %d", c.name, c.origin, c.host, got, c.status)
		}
	}
}

func TestTheHostIsThatOfTheRequestAndOfNothingElse(t *testing.T) {
	// O1: neither the target nor a field that anybody may send.
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"target //evil/", "GET //evil/ HTTP/1.1\r\nHost: example.com\r\nOrigin: http://evil\r\n\r\n", 403},
		{"target //evil/, page of the host", "GET //evil/ HTTP/1.1\r\nHost: example.com\r\nOrigin: http://example.com\r\n\r\n", 0},
		{"X-Forwarded-Host", "GET / HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-Host: evil\r\nOrigin: http://evil\r\n\r\n", 403},
		{"Forwarded", "GET / HTTP/1.1\r\nHost: example.com\r\nForwarded: host=evil\r\nOrigin: http://evil\r\n\r\n", 403},
		{"X-Forwarded-Proto", "GET / HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-Proto: https\r\nOrigin: https://example.com\r\n\r\n", 403},
		{"Referer", "GET / HTTP/1.1\r\nHost: example.com\r\nReferer: http://example.com/\r\nOrigin: http://evil\r\n\r\n", 403},
	} {
		if got := verdict(t, SameOrigin(readRequest(t, c.request))); got != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got, c.status)
		}
	}
}

func TestTheVerdictNamesTheOriginAndTheRule(t *testing.T) {
	evil := "http://evil.example\r\n\u00e9"
	for _, c := range []struct {
		err  error
		want string
	}{
		{SameOrigin(fromPage("example.com", true, "http://evil.example")), `origin "http://evil.example" is not the same as "https://example.com"`},
		{Origins{}.Check(fromPage("example.com", true, "http://evil.example")), `origin "http://evil.example" is not on the list of allowed origins`},
		{SameOrigin(fromPage("example.com", true, evil)), `origin "http://evil.example\r\n\u00e9" cannot be read`},
		{SameOrigin(fromPage("example.com", true, "null")), `origin "null" stands for no page in particular, and is never allowed`},
	} {
		var e *Error
		if !errors.As(c.err, &e) || e.Reason != c.want {
			t.Errorf("says %v, want %s", c.err, c.want)
		}
	}
	long := SameOrigin(fromPage("example.com", true, "http://"+strings.Repeat("a", 1<<16)))
	if n := len(long.Error()); n > 400 {
		t.Errorf("the verdict of a long origin is %d bytes long", n)
	}
}

func TestAListAllowsWhatItSaysAndNoMore(t *testing.T) {
	// O2.
	list, err := ParseOrigins([]string{
		"https://example.com",
		"http://localhost:3000",
		"https://*.Example.org",
		"https://*.ports.example:8443",
		"http://[::1]:8080",
		"chrome-extension://abcdefghijklmnop",
		"https://default.example:443",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		origin string
		status int
	}{
		{"https://example.com", 0},
		{"https://EXAMPLE.com:443", 0},
		{"http://localhost:3000", 0},
		{"https://a.example.org", 0},
		{"https://a.b.example.org", 0},
		{"https://A.EXAMPLE.ORG:443", 0},
		{"https://a.ports.example:8443", 0},
		{"http://[0::1]:8080", 0},
		{"chrome-extension://abcdefghijklmnop", 0},
		{"https://default.example", 0},

		{"http://example.com", 403},
		{"https://example.com:8443", 403},
		{"https://a.example.com", 403},
		{"http://localhost", 403},
		{"https://localhost:3000", 403},
		{"https://example.org", 403},
		{"https://.example.org", 403},
		{"https://evilexample.org", 403},
		{"https://evil-example.org", 403},
		{"https://a.evilexample.org", 403},
		{"https://example.org.evil", 403},
		{"https://a.example.org.evil", 403},
		{"https://a.example.org.", 403},
		{"https://a..example.org", 403},
		{"https://*.example.org", 403},
		{"http://a.example.org", 403},
		{"https://a.example.org:8443", 403},
		{"https://a.ports.example", 403},
		{"https://evil@a.example.org", 403},
		{"https://evil/.example.org", 403},
		{"https://evil#.example.org", 403},
		{"https://evil?.example.org", 403},
		{`https://evil\.example.org`, 403},
		{"https://evil:80.example.org", 403},
		{"https://evil\n.example.org", 403},
		{"https://evil .example.org", 403},
		{"https://evil,.example.org", 403},
		{"https://evil%2f.example.org", 403},
		{"https://a.example.org\n", 403},
		{"moz-extension://abcdefghijklmnop", 403},
		{"null", 403},
		{"", 403},
	} {
		if got := verdict(t, list.Check(fromPage("own.example", true, c.origin))); got != c.status {
			t.Errorf("%q: status %d, want %d", c.origin, got, c.status)
		}
	}
	if err := list.Check(fromPage("own.example", true)); err != nil {
		t.Errorf("no Origin: %v", err)
	}
	if got := verdict(t, list.Check(fromPage("own.example", true, "https://own.example"))); got != 403 {
		t.Errorf("the own host, not on the list: status %d", got)
	}
	if got := verdict(t, list.Check(fromPage("own.example", true, "https://example.com", "https://example.com"))); got != 400 {
		t.Errorf("two fields: status %d", got)
	}
	if got := verdict(t, Origins{}.Check(fromPage("own.example", true, "https://example.com"))); got != 403 {
		t.Errorf("zero list: status %d", got)
	}
}

func TestAHeadIsAskedForItsOriginBeforeAnythingElse(t *testing.T) {
	// Each question is the first that the head is asked.
	list, err := ParseOrigins([]string{"http://example.com", "https://*.dot.example."})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		origin                    string
		same, secure, listed, all int
	}{
		{"http://example.com", 0, 403, 0, 403},
		{"https://example.com", 403, 0, 403, 403},
		{"http://evil.example", 403, 403, 403, 403},
		{"https://a.dot.example.", 403, 403, 0, 403},
		{"https://a.dot.example", 403, 403, 403, 403},
		{"https://dot.example.", 403, 403, 403, 403},
	} {
		head := edit("http://example.com", c.origin)
		for what, got := range map[string][2]int{
			"SameOrigin":         {verdict(t, mustParse(t, head).SameOrigin(false)), c.same},
			"SameOrigin, secure": {verdict(t, mustParse(t, head).SameOrigin(true)), c.secure},
			"CheckHead":          {verdict(t, list.CheckHead(mustParse(t, head))), c.listed},
			"CheckHead, no list": {verdict(t, Origins{}.CheckHead(mustParse(t, head))), c.all},
		} {
			if got[0] != got[1] {
				t.Errorf("%s of %s: status %d, want %d", what, c.origin, got[0], got[1])
			}
		}
	}
	none := edit(originField, "")
	if err := mustParse(t, none).SameOrigin(false); err != nil {
		t.Error(err)
	}
	if err := list.CheckHead(mustParse(t, none)); err != nil {
		t.Error(err)
	}
}

func TestAListThatSaysTooMuchIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "*", "null", "example.com", "*.example.com", "//example.com", "https://", "https://*", "https://*.", "*://example.com",
		"https://*example.com", "https://a.*.com", "https://*.*.com", "https://example.*", "https://*.example.com/", "https://example.com/",
		"https://*.1.2.3.4", "https://*.1", "https://*.0.0.1.", "https://*.[::1]", "https://user@example.com", "https://example.com:", "https://example.com:*",
		"1http://example.com", "-http://example.com", ".http://example.com", "+http://example.com", "a b://example.com", "a_b://example.com", "://example.com", "http\u00e9://example.com",
		"https://b\u00fccher.example", "https://example.com ", "https://a,https://b", "https://a\nhttps://b",
	} {
		list, err := ParseOrigins([]string{"https://good.example", s})
		var e *ArgumentError
		if !errors.As(err, &e) || list.rules != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"a://b", "A+b-c.9://b", "web+app://b", "z39.50r://b", "a-1://*.b"} {
		if _, err := ParseOrigins([]string{s}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := ParseOrigins(nil); err != nil {
		t.Errorf("no list: %v", err)
	}
}

// FuzzOrigin is target FZ14: through both doors, what passes has the host that
// a URL parser reads, and the plainest origin of the host passes.
func FuzzOrigin(f *testing.F) {
	hosts := []string{"example.com", "example.com.", "EXAMPLE.com", "a.b:80", "a.b:443", "[::1]:8080", "[0::1]", "null", "", "b\u00fccher.example", "example.com:", "example.com:080", "[", "a b", "user@example.com", "xn--bcher-kva.example", "1.2.3.4", "my_app:3000", "exact.example:8080", "a.example.com"}
	for i, host := range hosts {
		for _, origin := range []string{
			"http://" + host, "https://" + host, "HTTP://" + strings.ToUpper(host), "http:::" + host, "http///" + host, "http://" + host + ":80", "https://" + host + ":443", "http://" + host + ".", "http://" + host + "/", "http://evil." + host, "http://evil" + host,
			"http://" + host + "@evil", "http://evil@" + host, "http://evil\\." + host, "http://evil?." + host, "http://evil#." + host, host, "//" + host, "null", "", "http://[::1]:8080", "http://a.example.com", "https://a.b.example.com:443", "https://.example.com",
			"http://" + host + " http://evil", "http://" + host + "\t", "http://" + hosts[(i+1)%len(hosts)],
		} {
			f.Add(host, origin, i%2 == 1) // fewer seeds leave more time to fuzz
		}
	}
	plainHost := regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*(:[1-9][0-9]{0,3})?$`)
	list, err := ParseOrigins([]string{"https://*.example.com", "http://exact.example:8080"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host, origin string, secure bool) {
		r := fromPage(host, secure, origin)
		same, listed := SameOrigin(r) == nil, list.Check(r) == nil
		if scheme := map[bool]string{false: "http", true: "https"}[secure]; plainHost.MatchString(host) && len(host) < 250 && origin == scheme+"://"+host && !same {
			t.Fatalf("%q is not the same as %q: %v", origin, host, SameOrigin(r))
		}
		var h Head
		head := "GET / HTTP/1.1\r\nHost:" + host + "\r\nOrigin:" + origin + "\r\n\r\n"
		if n, err := h.Parse([]byte(head)); err == nil && n == len(head) && h.Host() == host && h.Get("origin") == origin {
			if got, want := fmt.Sprint(h.SameOrigin(secure)), fmt.Sprint(SameOrigin(r)); got != want {
				t.Fatalf("%q to %q: %s, through the other door %s", origin, host, got, want)
			}
			if got, want := fmt.Sprint(list.CheckHead(&h)), fmt.Sprint(list.Check(r)); got != want {
				t.Fatalf("%q: %s, through the other door %s", origin, got, want)
			}
		}
		if !same && !listed {
			return
		}
		// The oracle is a URL parser that knows more than it should.
		u, err := url.Parse(origin)
		if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("allowed %q: %v, %v", origin, u, err)
		}
		if same {
			scheme, port := "http", "80"
			if secure {
				scheme, port = "https", "443"
			}
			own, err := url.Parse(scheme + "://" + host)
			if err != nil || u.Scheme != scheme || portOr(u, port) != portOr(own, port) || !sameName(u.Hostname(), own.Hostname()) {
				t.Fatalf("%q is the same as %q (secure %v): %v", origin, host, secure, err)
			}
		}
		if listed {
			name := strings.ToLower(u.Hostname())
			wild := u.Scheme == "https" && strings.HasSuffix(name, ".example.com") && len(name) > len(".example.com") && portOr(u, "443") == "443"
			exact := u.Scheme == "http" && name == "exact.example" && u.Port() == "8080"
			if !wild && !exact {
				t.Fatalf("%q is on the list", origin)
			}
		}
	})
}

func portOr(u *url.URL, port string) string {
	if p := u.Port(); p != "" {
		return p
	}
	return port
}

// sameName compares host names, and IPv6 addresses by what they mean.
func sameName(a, b string) bool {
	if strings.Contains(a, ":") && strings.Contains(b, ":") {
		x, okX := parseAuthority("[" + a + "]")
		y, okY := parseAuthority("[" + b + "]")
		return okX && okY && x == y
	}
	return strings.EqualFold(a, b)
}

func TestOriginsAreJudgedBeforeAnythingIsAnswered(t *testing.T) {
	// O3, through a real server: no 101, and the application is not reached.
	reached := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := judge(r); err != nil {
			Refuse(w, r, err)
			return
		}
		reached = true
	}))
	defer srv.Close()
	answer := exchange(t, srv.Listener.Addr(), edit("http://example.com", "http://evil.example"))
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(answer))), nil)
	if err != nil || resp.StatusCode != 403 || reached {
		t.Errorf("%q, %v; reached: %v", answer, err, reached)
	}
}
