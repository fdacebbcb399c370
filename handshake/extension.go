package handshake

import (
	"iter"
	"slices"
	"strings"
)

// Extension is one element of the Sec-WebSocket-Extensions header field: a
// name and parameters in order. A client offers it, a server agrees to it.
type Extension struct {
	Name   string
	params []param
}

// param is one parameter; value is "" if it is bare, which no value that is
// written out can be.
type param struct{ name, value string }

// NewExtension returns an extension with the given parameters, names first;
// the value of a bare one is "". A nil params is none. The parts are checked
// when the extension is written, not here.
func NewExtension(name string, params iter.Seq2[string, string]) Extension {
	e := Extension{Name: name}
	if params != nil {
		for name, value := range params {
			e.params = append(e.params, param{name, value})
		}
	}
	return e
}

// Params yields the parameters in order; the value of a bare one is "". It may
// be ranged over again.
func (e Extension) Params() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, p := range e.params {
			if !yield(p.name, p.value) {
				return
			}
		}
	}
}

// String returns e as it stands in the header field. A value that is no token
// is quoted, so that it cannot be taken for something else.
func (e Extension) String() string {
	return string(appendExtension(nil, e))
}

func appendExtension(dst []byte, e Extension) []byte {
	dst = append(dst, e.Name...)
	for _, p := range e.params {
		dst = append(dst, "; "...)
		dst = append(dst, p.name...)
		switch {
		case p.value == "":
		case isToken(p.value):
			dst = append(dst, '=')
			dst = append(dst, p.value...)
		default:
			dst = append(dst, '=', '"')
			for i := range len(p.value) {
				if c := p.value[i]; c == '"' || c == '\\' {
					dst = append(dst, '\\')
				}
				dst = append(dst, p.value[i])
			}
			dst = append(dst, '"')
		}
	}
	return dst
}

// appendExtensions appends the list of list.
func appendExtensions(dst []byte, list []Extension) []byte {
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendExtension(dst, e)
	}
	return dst
}

// check says whether e can be written.
func (e Extension) check() error {
	if !isToken(e.Name) {
		return &ArgumentError{"extension " + quote(e.Name), "name is not a token"}
	}
	for _, p := range e.params {
		if !isToken(p.name) || p.value != "" && !isToken(p.value) {
			return &ArgumentError{"extension " + quote(e.Name),
				"parameter " + quote(p.name) + "=" + quote(p.value) + " is not of tokens"}
		}
	}
	return nil
}

// ParseExtensions parses the values of Sec-WebSocket-Extensions header fields,
// one string for each field line, by the grammar of RFC 6455 9.1.
//
// Several lines are one list. White space may stand around ",", ";" and "=".
// A value may be a quoted string if what it says is a token. Empty elements
// are passed over, as RFC 9110 5.6.1 wants, but a field must have at least one
// element that is not. At most 100 extensions and parameters in all, and
// 16 KiB, are read. Anything else is an [*Error] of status 400. No values at
// all give no extensions.
//
// What a name or a parameter means, or whether one may stand twice, is for
// those who know the extension.
func ParseExtensions(values []string) ([]Extension, error) {
	if len(values) == 0 {
		return nil, nil
	}
	if tooLong(values) {
		return nil, badExtension("longer than 16 KiB")
	}
	var list []Extension
	room := maxElements
	for _, value := range values {
		s := scanner{value}
		for {
			s.skipSpace()
			if s.take(',') {
				continue
			}
			if s.rest == "" {
				break
			}
			e, err := s.extension(&room)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
			if s.rest != "" && !s.take(',') {
				return nil, badExtension("unexpected " + quote(s.rest[:1]))
			}
		}
	}
	if len(list) == 0 {
		return nil, badExtension("empty")
	}
	return list, nil
}

func badExtension(reason string) *Error {
	return badRequest("RFC 6455 9.1", "bad Sec-WebSocket-Extensions: "+reason)
}

// scanner reads one field value from the front. It never goes back, so its
// time is linear.
type scanner struct{ rest string }

// extension reads an extension and the white space behind it, and takes it and
// its parameters out of room.
func (s *scanner) extension(room *int) (Extension, error) {
	var e Extension
	if e.Name = s.token(); e.Name == "" {
		return e, badExtension("name expected at " + quote(s.rest[:1]))
	}
	*room--
	for s.skipSpace(); s.take(';'); s.skipSpace() {
		s.skipSpace()
		p := param{name: s.token()}
		if p.name == "" {
			return e, badExtension("parameter expected after \";\"")
		}
		s.skipSpace()
		if s.take('=') {
			s.skipSpace()
			if p.value = s.value(); p.value == "" {
				return e, badExtension("value of " + quote(p.name) + " is not a token")
			}
		}
		if *room--; *room < 0 {
			break
		}
		e.params = append(e.params, p)
	}
	if *room < 0 {
		return e, badExtension("more than 100 elements")
	}
	return e, nil
}

func (s *scanner) skipSpace() { s.rest = strings.TrimLeft(s.rest, " \t") }

// take reads c if it is next.
func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// token reads a token, or "" if there is none.
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte[s.rest[n]] {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// value reads a token or a quoted string that says one, or "" if there is none.
func (s *scanner) value() string {
	if !s.take('"') {
		return s.token()
	}
	var said []byte
	for {
		t := s.token()
		if said == nil && t != "" && s.take('"') {
			return t // no escape in it: no copy needed
		}
		said = append(said, t...)
		switch {
		case s.take('"'):
			return string(said)
		case s.take('\\') && s.rest != "" && isTokenByte[s.rest[0]]:
			said = append(said, s.rest[0])
			s.rest = s.rest[1:]
		default:
			return ""
		}
	}
}

// checkAnswered says whether every extension of a server's answer is one that
// its client offered, by name (RFC 6455 9.1).
func checkAnswered(answer, offers []Extension) (notOffered string, ok bool) {
	for _, e := range answer {
		if !slices.ContainsFunc(offers, func(o Extension) bool { return o.Name == e.Name }) {
			return e.Name, false
		}
	}
	return "", true
}
