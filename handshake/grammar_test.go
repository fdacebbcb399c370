package handshake

import (
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The grammars by another road: regular expressions, which are slow and look at
// a value from all sides, where the parsers go through it once.
const (
	tokenPattern     = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	quotedPattern    = `"(?:[!#$%&'*+.^_` + "`" + `|~0-9A-Za-z-]|\\[!#$%&'*+.^_` + "`" + `|~0-9A-Za-z-])+"` // what it says is a token
	parameterPattern = tokenPattern + "(?:[ \t]*=[ \t]*(?:" + tokenPattern + "|" + quotedPattern + "))?"
	extensionPattern = tokenPattern + "(?:[ \t]*;[ \t]*" + parameterPattern + ")*"
)

// listPattern is RFC 9110 5.6.1.2, and at least one element.
func listPattern(element string) string {
	return "^[ \t]*(?:,[ \t]*)*" + element + "(?:[ \t]*,[ \t]*(?:" + element + ")?)*[ \t]*$"
}

var (
	tokenRegexp     = regexp.MustCompile(tokenPattern)
	tokenListRegexp = regexp.MustCompile(listPattern(tokenPattern))
	quotedRegexp    = regexp.MustCompile(quotedPattern)
	extensionRegexp = regexp.MustCompile(extensionPattern)
	extensionsRegex = regexp.MustCompile(listPattern(extensionPattern))
	tokenPrefix     = regexp.MustCompile("^(?:" + tokenPattern + ")?")
	websocketRegexp = regexp.MustCompile("(?:^|,)[ \t]*[Ww][Ee][Bb][Ss][Oo][Cc][Kk][Ee][Tt][ \t]*(?:,|$)")
)

// lists are values that the parsers differ on if they differ at all: tests H3
// to H5, rows 41, 42 and 49 to 55 of the behaviour table.
var lists = []string{
	"", ",", ", ,", ";", "=", "\"", " ", "\t", "a", " a ", "\ta\t", "a,b", "a, b", "a ,b", ",a,,b,", "a b", "a;b", "a, a", "a,A", "\"a\"", "a\"",
	"chat", "chat, superchat", "chat, chat", "constructor", "__proto__", "caf\xe9", "\xff", "a\x00", "a\r\nb", "a\v", "b   x", "b \t , x",
	"websocket", "WebSocket", "foo, websocket", "websocketx", "xwebsocket", "websocket, h2c", "websocket h2c", "websocket/13", "websoc\u212aet", "web\u017focket", ",websocket",
	"foo; bar=2", "foo;bar", "foo ; bar\t=\t2", "foo; bar=\"2\"", `a; b="\1\0"`, `a; b="1`, `a; b="`, `a; b=""`, `a; b="\"`, `a; b="\""`, `a; b="1, c"`, `a; b="\\"`, `a; b=1"2"`, `a; b="1"2`,
	"a;;b", "a;", "a; ,", "a; b=", "a; b==1", "a; =1", "a; b=1 2", "; a", "=a", "a=b", " \ta ; b\t = 1 , c ", "a, , ;",
	"permessage-deflate; client_max_window_bits", "permessage-deflate; server_max_window_bits=10, permessage-deflate", "PERMESSAGE-DEFLATE",
	"mux; max-channels=4; flow-control, deflate-stream",
	"a" + strings.Repeat(";b", 99), "a" + strings.Repeat(";b", 100), strings.Repeat("a,", 100), strings.Repeat("a,", 101),
	`a; b="` + strings.Repeat(`\c`, 40), "b" + strings.Repeat(" ", 80) + "x", strings.Repeat(",", 80), strings.Repeat(" ,", 80),
}

// FuzzSubprotocols is a part of FZ7: the list of subprotocols against its
// grammar.
func FuzzSubprotocols(f *testing.F) {
	for _, s := range lists {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tokens := tokenRegexp.FindAllString(s, -1)
		unique := map[string]bool{}
		for _, token := range tokens {
			unique[token] = true
		}
		want := tokenListRegexp.MatchString(s) && len(unique) == len(tokens) && len(tokens) <= 100 && len(s) <= 16<<10

		names, err := ParseSubprotocols([]string{s})
		if (err == nil) != want {
			t.Fatalf("%q: %q, %v; by the grammar: %v", s, names, err, want)
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Status != 400 || names != nil {
				t.Fatalf("%q, error %v", names, err)
			}
			return
		}
		if !slices.Equal(names, tokens) {
			t.Fatalf("%q: %q, want %q", s, names, tokens)
		}
		if err := checkSubprotocols(names); err != nil {
			t.Fatalf("%q cannot be offered: %v", names, err)
		}
	})
}

// FuzzTokens is a part of FZ7: tokens, and a token in a list, against their
// grammar.
func FuzzTokens(f *testing.F) {
	for _, s := range lists {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := tokenRegexp.FindString(s) == s && s != ""
		if got := isToken(s); got != want {
			t.Fatalf("isToken(%q) = %v", s, got)
		}
		if got, want := tokenLen([]byte(s)), len(tokenPrefix.FindString(s)); got != want {
			t.Fatalf("tokenLen(%q) = %d, want %d", s, got, want)
		}
		if got, want := hasToken([]string{"x", s}, "websocket"), websocketRegexp.MatchString(s); got != want {
			t.Fatalf("hasToken(%q) = %v", s, got)
		}
	})
}

// FuzzExtensionGrammar is a part of FZ7: the list of extensions against its
// grammar.
func FuzzExtensionGrammar(f *testing.F) {
	for _, s := range lists {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// A quoted string holds no delimiter, so that one can look for the
		// pieces anywhere once the whole is right.
		want, elements := "", 0
		legal := extensionsRegex.MatchString(s) && len(s) <= 16<<10
		if legal {
			for _, e := range extensionRegexp.FindAllString(s, -1) {
				for i, p := range strings.Split(e, ";") {
					elements++
					name, value, _ := strings.Cut(strings.Trim(p, " \t"), "=")
					name, value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
					if quotedRegexp.MatchString(value) {
						value = strings.NewReplacer(`"`, "", `\`, "").Replace(value)
					}
					switch {
					case i == 0:
						want += "<" + name + ">"
					default:
						want += "[" + name + "|" + value + "]"
					}
				}
			}
			legal = elements <= 100
		}
		list, err := ParseExtensions([]string{s})
		if (err == nil) != legal {
			t.Fatalf("%q: %s, %v; by the grammar: %v", s, printAll(list), err, legal)
		}
		if err == nil && printAll(list) != want {
			t.Fatalf("%q: %s; by the grammar %s", s, printAll(list), want)
		}
	})
}

// FuzzKey holds validKey against a decoder of base64.
func FuzzKey(f *testing.F) {
	for _, s := range []string{
		sampleKey, "", "abc", "AAAAAAAAAAAAAAAAAAAAAA==", "dGhlIHNhbXBsZSBub25jZQAB", "dGhlIHNhbXBsZSBub25jZR==", "_-AAAAAAAAAAAAAAAAAAAA==",
		"dGhlIHNhbXBsZSBub25j\nQ==", "dGhlIHNhbXBsZSBub25jZQ=\n", "dGhlIHNhbXBsZSBub25jZg==", "dGhlIHNhbXBsZSBub25jZw==", "/+++++++++++++++++++++==", "????????????????????????", "dGhlIHNhbXBsZSBub25jZQA=", "=GhlIHNhbXBsZSBub25jZQ==",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		raw, err := base64.StdEncoding.Strict().DecodeString(key)
		want := err == nil && len(raw) == 16 && !strings.ContainsAny(key, "\r\n") // which the decoder passes over
		if got := validKey(key); got != want {
			t.Fatalf("validKey(%q) = %v; it decodes to %q, %v", key, got, raw, err)
		}
	})
}
