package handshake

import (
	"strings"
	"testing"
)

// labels returns a name of n bytes whose labels are short.
func labels(n int) string { return strings.Repeat("a.", n/2)[:n-1] + "b" }

func TestAHostFieldIsANameOrAnAddressAndAPort(t *testing.T) {
	// RFC 9110 7.2, RFC 3986 3.2.2 and 3.2.3.
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	const subDelims = "!$&'()*+,;="
	for c := range 256 {
		b := string([]byte{byte(c)})
		inName := strings.Contains(unreserved+subDelims, b)
		digit := '0' <= c && c <= '9'
		hex := strings.Contains("0123456789abcdefABCDEF", b)
		for host, want := range map[string]bool{
			b:             inName,
			"a" + b:       inName || b == ":", // a port may be empty
			b + "a":       inName,
			"a" + b + "b": inName,
			"a:8" + b:     digit,
			"a:" + b:      digit,
			"[::1]" + b:   b == ":",
			"[::1]:" + b:  digit,
			"%4" + b:      hex,
			"%" + b + "4": hex,
		} {
			if got := isHost(host); got != want {
				t.Errorf("isHost(%q) = %v", host, got)
			}
		}
	}
	for host, want := range map[string]bool{
		"": false, ":": false, ":80": false, "a:": true, "a:80": true, "a:99999": true, "a:80:80": false, "::1": false,
		"1.2.3.4": true, "999.999": true, "a..b": true, ".": true, "a%": false, "a%4": false, "a%41": true, "a%zz": false, "%41%42": true, "%41%4": false,
		"[::1]": true, "[::1]:": true, "[::1]:80": true, "[::ffff:1.2.3.4]": true, "[1.2.3.4]": false, "[::1": false, "[]": false, "[": false, "]": false, "[::1]]": false, "[[::1]]": false,
		"[fe80::1%eth0]": false, "[fe80::1%25eth0]": false, "[v1.a]": false, "[a]": false, "[::1]a": false, "a[::1]": false, "[::1%]": false,
		labels(254): true, labels(2000): true,
	} {
		if got := isHost(host); got != want {
			t.Errorf("isHost(%q) = %v", host, got)
		}
	}
}

func TestAnAuthorityHasOneForm(t *testing.T) {
	// RFC 6454 4 and 5, RFC 3986 3.2. "" is no authority.
	for s, want := range map[string]string{
		"example.com": "example.com", "EXAMPLE.com": "example.com", "example.coM": "example.com", "example.com.": "example.com.", "my_app": "my_app", "a-b": "a-b", "1.2.3.4": "1.2.3.4",
		"a:1": "a:1", "a:80": "a:80", "a:65535": "a:65535",
		"[::1]": "[::1]", "[0:0::1]": "[::1]", "[::1]:80": "[::1]:80", "[2001:DB8::A]": "[2001:db8::a]", "[::ffff:1.2.3.4]": "[::ffff:1.2.3.4]",
		"": "", ".": "", ".a": "", "a..b": "", "a.": "a.", "a..": "", ":80": "", "a:": "", "a:0": "", "a:00": "", "a:080": "", "a:65536": "", "a:655350": "", "a:+80": "", "a:-1": "", "a:8 ": "", "a:80:80": "", "a:8a": "",
		"[": "", "[]": "", "[::1": "", "[::1]a": "", "[::1]a80": "", "[::1]:": "", "[::1]80": "", "[1.2.3.4]": "", "[fe80::1%25eth0]": "", "[fe80::1%eth0]": "", "[a]": "", "::1": "",
		"a b": "", "a@b": "", "a/b": "", "a~b": "", "a%41": "", "a,b": "", "b\u00fccher": "", "a\x00": "", "*": "", "*.a": "",
		labels(254): labels(254), labels(255): "", labels(254) + ":80": labels(254) + ":80",
	} {
		a, ok := parseAuthority(s)
		if ok != (want != "") || ok && a.String() != want {
			t.Errorf("%q: %q, %v; want %q", s, a, ok, want)
		}
		if again, _ := parseAuthority(want); ok && again != a {
			t.Errorf("%q and %q differ", s, want)
		}
	}
}

func TestTheDefaultPortIsThatOfTheScheme(t *testing.T) {
	// RFC 9110 4.2, RFC 6455 3.
	for scheme, want := range map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "", "": "", "HTTP": ""} {
		if got := defaultPort(scheme); got != want {
			t.Errorf("defaultPort(%q) = %q", scheme, got)
		}
	}
	list, err := ParseOrigins([]string{"ws://a:80", "wss://b:443", "https://c:80", "http://d:443", "ftp://e:21"})
	if err != nil {
		t.Fatal(err)
	}
	for origin, status := range map[string]int{
		"ws://a": 0, "ws://a:80": 0, "wss://b": 0, "https://c:80": 0, "https://c": 403, "http://d:443": 0, "http://d": 403, "ftp://e:21": 0, "ftp://e": 403,
	} {
		if got := verdict(t, list.Check(fromPage("x", false, origin))); got != status {
			t.Errorf("%s: status %d", origin, got)
		}
	}
}
