package handshake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSubprotocolsAreUniqueTokens(t *testing.T) {
	// Row 49, H4, RFC 6455 4.1 item 10 and 11.3.4, RFC 9110 5.6.1.
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("p%d", i)
	}
	for _, c := range []struct {
		name   string
		values []string
		want   []string // nil for an error
	}{
		{"one", []string{"chat"}, []string{"chat"}},
		{"several", []string{"chat, superchat"}, []string{"chat", "superchat"}},
		{"no space", []string{"chat,superchat"}, []string{"chat", "superchat"}},
		{"several lines", []string{"chat", "superchat,x"}, []string{"chat", "superchat", "x"}},
		{"empty elements", []string{", chat,, superchat ,"}, []string{"chat", "superchat"}},
		{"an empty line beside another", []string{"", "chat"}, []string{"chat"}},
		{"tabs", []string{"\tchat\t,\tx\t"}, []string{"chat", "x"}},
		{"case counts", []string{"chat, Chat"}, []string{"chat", "Chat"}},
		{"names of object properties", []string{"constructor, __proto__"}, []string{"constructor", "__proto__"}},
		{"100", []string{strings.Join(many[:100], ",")}, many[:100]},
		{"101", []string{strings.Join(many, ",")}, nil},
		{"empty", []string{""}, nil},
		{"nothing but empty elements", []string{" , ,\t"}, nil},
		{"twice", []string{"chat, chat"}, nil},
		{"twice over lines", []string{"chat", "x, chat"}, nil},
		{"not a token", []string{"chat room"}, nil},
		{"semicolon", []string{"a;b"}, nil},
		{"equals", []string{"="}, nil},
		{"quoted", []string{`"chat"`}, nil},
		{"8-bit", []string{"caf\xe9"}, nil},
		{"control byte", []string{"a\x01"}, nil},
		{"vertical tab is no space", []string{"\vchat"}, nil},
		{"16 KiB", []string{strings.Repeat(" ", 16<<10-1) + "x"}, []string{"x"}},
		{"16 KiB and a byte", []string{strings.Repeat(" ", 16<<10-1), "xy"}, nil},
		{"H3: spaces inside", []string{"b" + strings.Repeat(" ", 16<<10-2) + "x"}, nil},
		{"H3: commas", []string{strings.Repeat(",", 16<<10-1) + "x"}, []string{"x"}},
	} {
		got, err := ParseSubprotocols(c.values)
		if c.want != nil {
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Status != 400 || e.Section != "RFC 6455 4.1" || got != nil {
			t.Errorf("%s: %q, %v; want an error of status 400", c.name, got, err)
		}
	}
	if got, err := ParseSubprotocols(nil); got != nil || err != nil {
		t.Errorf("no lines: %q, %v", got, err)
	}
}

func TestSubprotocolLinesAreOneList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLines(t)
		apart, errApart := ParseSubprotocols(lines)
		joined, errJoined := ParseSubprotocols([]string{strings.Join(lines, ", ")})
		if !slices.Equal(apart, joined) || (errApart == nil) != (errJoined == nil) {
			t.Fatalf("apart %q, %v; joined %q, %v", apart, errApart, joined, errJoined)
		}
	})
}
