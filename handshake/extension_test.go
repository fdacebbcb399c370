package handshake

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// print writes extensions so that every part can be told from every other.
func printAll(list []Extension) string {
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "<%s>", e.Name)
		for name, value := range e.Params() {
			fmt.Fprintf(&b, "[%s|%s]", name, value)
		}
	}
	return b.String()
}

func TestExtensionsAreNamesWithParameters(t *testing.T) {
	// Rows 51 and 55, H3, H4, RFC 6455 9.1, RFC 9110 5.6.1.
	for _, c := range []struct {
		name   string
		values []string
		want   string // "" for an error
	}{
		{"name", []string{"foo"}, "<foo>"},
		{"bare parameter", []string{"foo; bar"}, "<foo>[bar|]"},
		{"value", []string{"foo; bar=2"}, "<foo>[bar|2]"},
		{"the RFC's, first", []string{"deflate-stream"}, "<deflate-stream>"},
		{"the RFC's, second", []string{"mux; max-channels=4; flow-control, deflate-stream"}, "<mux>[max-channels|4][flow-control|]<deflate-stream>"},
		{"a browser's", []string{"permessage-deflate; client_max_window_bits"}, "<permessage-deflate>[client_max_window_bits|]"},
		{"two offers", []string{"a; b=10, a"}, "<a>[b|10]<a>"},
		{"two lines", []string{"a;b", "c"}, "<a>[b|]<c>"},
		{"quoted value", []string{`a; b="10"`}, "<a>[b|10]"},
		{"quoted value with escapes", []string{`a; b="\1\0"; c`}, "<a>[b|10][c|]"},
		{"quoted value with an escape inside", []string{`a; b="1\0"`}, "<a>[b|10]"},
		{"space around everything", []string{" \ta ; b\t = 1 , c "}, "<a>[b|1]<c>"},
		{"no space", []string{"a;b=1,c"}, "<a>[b|1]<c>"},
		{"empty elements", []string{", a,, b ,"}, "<a><b>"},
		{"an empty line beside another", []string{"", "a"}, "<a>"},
		{"parameter twice", []string{"a; b=1; b=2"}, "<a>[b|1][b|2]"},
		{"case is kept", []string{"PERMESSAGE-DEFLATE"}, "<PERMESSAGE-DEFLATE>"},
		{"name of an object property", []string{"constructor; __proto__=valueOf"}, "<constructor>[__proto__|valueOf]"},
		{"empty", []string{""}, ""},
		{"nothing but empty elements", []string{" ,\t,"}, ""},
		{"no name", []string{"; b"}, ""},
		{"semicolon at the end", []string{"a;"}, ""},
		{"two semicolons", []string{"a;;b"}, ""},
		{"semicolon, then comma", []string{"a;,b"}, ""},
		{"equals alone", []string{"="}, ""},
		{"name with a value", []string{"a=1"}, ""},
		{"no parameter name", []string{"a; =1"}, ""},
		{"no value", []string{"a; b="}, ""},
		{"two equals", []string{"a; b==1"}, ""},
		{"two words", []string{"a b"}, ""},
		{"two words as value", []string{"a; b=c d"}, ""},
		{"empty quoted value", []string{`a; b=""`}, ""},
		{"quoted value that is not a token", []string{`a; b="1 0"`}, ""},
		{"quoted comma", []string{`a; b="1,0"`}, ""},
		{"escaped quote", []string{`a; b="1\"0"`}, ""},
		{"quote not closed", []string{`a; b="10`}, ""},
		{"quote not closed, escape last", []string{`a; b="10\`}, ""},
		{"quote not closed over lines", []string{`a; b="1`, `0"`}, ""},
		{"behind a quoted value", []string{`a; b="1"0`}, ""},
		{"quoted name", []string{`"a"`}, ""},
		{"quoted parameter", []string{`a; "b"`}, ""},
		{"8-bit", []string{"caf\xe9"}, ""},
		{"8-bit parameter", []string{"a; \xe9"}, ""},
		{"control byte", []string{"a\x00"}, ""},
		{"vertical tab is no space", []string{"\va"}, ""},
		{"100 elements", []string{strings.Repeat("a,", 50) + strings.Repeat("a;", 49) + "b"}, strings.Repeat("<a>", 51) + strings.Repeat("[a|]", 48) + "[b|]"},
		{"100 extensions", []string{strings.Repeat("a,", 100)}, strings.Repeat("<a>", 100)},
		{"101 extensions", []string{strings.Repeat("a,", 101)}, ""},
		{"101 elements", []string{"a" + strings.Repeat("; b", 100)}, ""},
		{"16 KiB", []string{strings.Repeat(" ", 16<<10-1) + "a"}, "<a>"},
		{"16 KiB and a byte", []string{strings.Repeat(" ", 16<<10-1), "ab"}, ""},
		{"H3: escapes, not closed", []string{`a; b="` + strings.Repeat(`\c`, 8189)}, ""},
		{"H3: commas", []string{strings.Repeat(",", 16<<10)}, ""},
		{"H3: spaces", []string{"a" + strings.Repeat(" ", 16<<10-2) + "x"}, ""},
	} {
		list, err := ParseExtensions(c.values)
		if c.want != "" {
			if got := printAll(list); err != nil || got != c.want {
				t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Status != 400 || e.Section != "RFC 6455 9.1" || list != nil {
			t.Errorf("%s: %s, %v; want an error of status 400", c.name, printAll(list), err)
		}
	}
	if list, err := ParseExtensions(nil); list != nil || err != nil {
		t.Errorf("no lines: %s, %v", list, err)
	}
}

func TestExtensionLinesAreOneList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLines(t)
		apart, errApart := ParseExtensions(lines)
		joined, errJoined := ParseExtensions([]string{strings.Join(lines, ", ")})
		if printAll(apart) != printAll(joined) || (errApart == nil) != (errJoined == nil) {
			t.Fatalf("apart %s, %v; joined %s, %v", apart, errApart, joined, errJoined)
		}
	})
}

func TestWhatAnExtensionIsMadeOfComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}")
		value := rapid.StringMatching("[!#$%&'*+.^_`|~0-9A-Za-z-]{0,8}")
		names := rapid.SliceOfN(token, 0, 5).Draw(t, "names")
		values := rapid.SliceOfN(value, len(names), len(names)).Draw(t, "values")
		e := NewExtension(token.Draw(t, "name"), func(yield func(string, string) bool) {
			for i, name := range names {
				if !yield(name, values[i]) {
					return
				}
			}
		})
		list, err := ParseExtensions([]string{e.String()})
		if err != nil || printAll(list) != printAll([]Extension{e}) {
			t.Fatalf("%q parsed: %s, %v", e, printAll(list), err)
		}
	})
}

func TestParametersCanBeLeftBeforeTheirEnd(t *testing.T) {
	list, err := ParseExtensions([]string{"a; b=1; c=2"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for name, value := range list[0].Params() {
			if name != "b" || value != "1" {
				t.Errorf("first parameter %s=%s", name, value)
			}
			break
		}
	}
}

func TestAValueThatIsNoTokenCannotBeTakenForMore(t *testing.T) {
	e := NewExtension("a", func(yield func(string, string) bool) { yield("b", `1", "c\`) })
	if got, want := e.String(), `a; b="1\", \"c\\"`; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	if list, err := ParseExtensions([]string{e.String()}); err == nil {
		t.Errorf("parsed as %s", printAll(list))
	}
}

// FuzzExtensions is target FZ6: what is parsed, printed and parsed again is the
// same, and both sides agree on it.
func FuzzExtensions(f *testing.F) {
	for _, s := range lists {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseExtensions([]string{s})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Status != 400 {
				t.Fatalf("error %v", err)
			}
			return
		}
		for _, e := range list {
			if err := e.check(); err != nil {
				t.Fatalf("cannot be written: %v", err)
			}
		}
		printed := string(appendExtensions(nil, list))
		if !isFieldValue(printed) {
			t.Fatalf("%q is not a field value", printed)
		}
		again, err := ParseExtensions([]string{printed})
		if err != nil || printAll(again) != printAll(list) {
			t.Fatalf("%q, printed and parsed: %s, %v", printed, printAll(again), err)
		}
		if p := string(appendExtensions(nil, again)); p != printed {
			t.Fatalf("printed %q, then %q", printed, p)
		}
		// A server that takes all that is offered is a server to the client.
		asked := Request{Key: sampleKey, Extensions: []string{s}}
		head, err := AppendResponse(nil, Response{Extensions: list}, asked, nil)
		if err != nil {
			t.Fatalf("%s cannot be answered: %v", printed, err)
		}
		resp, rest, err := ReadResponse(strings.NewReader(string(head)), nil)
		if err != nil && len(head) > maxHead {
			return
		}
		if err != nil || len(rest) > 0 {
			t.Fatalf("%q: %v, %q behind it", head, err, rest)
		}
		if agreed, err := ParseResponse(resp, asked); err != nil || printAll(agreed.Extensions) != printAll(list) {
			t.Fatalf("%q: %s, %v", head, printAll(agreed.Extensions), err)
		}
	})
}
