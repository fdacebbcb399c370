package handshake

import (
	"bufio"
	"bytes"
	"iter"
	"net/http"
	"unsafe"
)

// Head is the head of an HTTP/1.1 request, parsed where it lies: the door for
// those who have a connection and no net/http. [ReadHead] fills it from a
// connection, and [Head.Parse] from bytes. Then [Head.Request] judges it as
// [ParseRequest] judges a request of net/http's.
//
// The zero value is ready. A Head that is used again, after [Head.Reset],
// allocates nothing for a request like those before. It must not be used by
// several goroutines at once.
//
// Every string that it gives out is lent: it lies in the bytes that were
// parsed, and must not be used any more once these change or Reset was called.
// [strings.Clone] keeps one.
type Head struct {
	// Limits must be set before the first call of Parse.
	Limits HeadLimits

	bytes   []byte // given to Parse last
	at      int    // where the first line begins that is not parsed yet
	scanned int    // up to here that line was looked at and found good
	colon   int    // where its colon is; 0 if that was not seen yet

	method, target span
	major, minor   int
	fields         []field

	collected    bool
	lists        [fieldKinds][]string // values by kind, made by collect
	subprotocols []string             // memory for what Request returns
}

// span is a part of the bytes.
type span struct{ start, end uint32 }

// field is one field line.
type field struct {
	name, value span
	kind        fieldKind
}

// Reset makes h ready for another head. It keeps its limits and its memory,
// and may keep the bytes from being freed until it is used again.
func (h *Head) Reset() {
	h.bytes, h.at, h.scanned, h.colon = nil, 0, 0, 0
	h.method, h.target = span{}, span{}
	h.fields = h.fields[:0]
	h.forget()
}

// Parse parses the head at the start of b and returns its length n, with the
// empty line that ends it; what follows is the client's first frames. b is
// lent as long as h and what h gave out are used.
//
// If b ends inside the head the error is [io.ErrUnexpectedEOF]: call Parse
// again with the same bytes and more behind them, at the same place or
// another. No byte is looked at again because more come, however few come at a
// time. Until the error is nil, what h gives out is not all that was sent.
//
// Any other error is an [*Error], and after it, as after nil, only Reset makes
// h ready for another call of Parse. Its status is 431 or 414 as soon as a
// limit is passed; 505 for HTTP of another major version than 1; 400 if the head is not
// as RFC 9112 wants it. Parse is strict, since what two readers read in two
// ways is how requests are smuggled: lines end with CR LF and nothing else, no
// line is folded, no space stands before a colon, no control byte anywhere.
// The target must be a path, with or without a query, as clients send it to
// servers (origin-form, RFC 9112 3.2.1).
func (h *Head) Parse(b []byte) (n int, err error) {
	h.bytes = b
	h.forget() // what lies elsewhere now, or is not all
	limits := h.Limits.effective()
	if h.at == 0 {
		if err := h.parseRequestLine(limits); err != nil {
			return 0, err
		}
	}
	for {
		more, err := h.parseField(limits)
		if err != nil {
			return 0, err
		}
		if !more {
			return h.at, nil
		}
	}
}

// text returns a part of the bytes as a string, without a copy.
func (h *Head) text(s span) string {
	if s.start == s.end {
		return ""
	}
	return unsafe.String(&h.bytes[s.start], s.end-s.start)
}

// Len returns how many bytes of the head were parsed so far: its length, once
// Parse has returned nil.
func (h *Head) Len() int { return h.at }

// Method returns the method, such as "GET".
func (h *Head) Method() string { return h.text(h.method) }

// Target returns the path and query, as they were sent.
func (h *Head) Target() string { return h.text(h.target) }

// Host returns the value of the first Host field, or "".
func (h *Head) Host() string {
	h.collect()
	if hosts := h.lists[fieldHost]; len(hosts) > 0 {
		return hosts[0]
	}
	return ""
}

// Get returns the value of the first field of the given name, whatever the
// case of its letters, or "".
func (h *Head) Get(name string) string {
	for fieldName, value := range h.All() {
		if equalFold(fieldName, name) {
			return value
		}
	}
	return ""
}

// All yields name and value of each field line in order, names as they were
// sent. Several lines may have the same name.
func (h *Head) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, f := range h.fields {
			if !yield(h.text(f.name), h.text(f.value)) {
				return
			}
		}
	}
}

// HTTPRequest returns a copy as net/http would have read it, for code that
// wants one, such as a hook. Its Body is [http.NoBody] for every request that
// [Head.Request] accepts. Call it only after Parse has returned nil.
func (h *Head) HTTPRequest() (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(bytes.NewReader(h.bytes[:h.at])))
}

// forget undoes what collect did.
func (h *Head) forget() {
	if !h.collected {
		return
	}
	h.collected = false
	for kind := range h.lists {
		h.lists[kind] = h.lists[kind][:0]
	}
}

// collect sorts the values that the judgement looks at by their kind.
func (h *Head) collect() {
	if h.collected {
		return
	}
	h.collected = true
	for _, f := range h.fields {
		if f.kind != fieldOther {
			h.lists[f.kind] = append(h.lists[f.kind], h.text(f.value))
		}
	}
}
