package handshake

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Refuse answers r with err and its reason, as plain text. If err is not an
// [*Error], or is one without a status of 300 to 599, the client is told 500
// and no reason: what went wrong is not its business.
//
// Over HTTP/1.1 the connection closes after the answer, whatever the client
// sent behind its request: a refused upgrade that stays open is how requests
// are smuggled past proxies that took it for a tunnel. It does not wait for the
// rest of a body. Over HTTP/2 and HTTP/3 only the stream ends, and neither
// Connection nor Upgrade is sent.
//
// Fields that middleware has set in w's header stay, but for those that speak
// of another body or connection. Fields of the error that no header can have
// are left out.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := refusal(err)
	h := w.Header()
	for _, name := range []string{"Connection", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Upgrade"} {
		delete(h, name)
	}
	setRefusal(h, e, r.ProtoMajor < 2)
	if r.ProtoMajor < 2 && r.ContentLength != 0 {
		// Else net/http waits for the rest of the body before it closes. Where
		// there is no such deadline, there is no connection to close either.
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
	}
	w.WriteHeader(e.Status)
	io.WriteString(w, e.Reason+"\n") // a client that is gone needs no answer
}

// AppendRefusal appends a whole HTTP/1.1 response that refuses a request with
// err to dst, for those who have a connection and no [http.ResponseWriter].
// They close the connection behind it. It says what [Refuse] says. A request
// whose method is HEAD must be answered by [Head.AppendRefusal].
func AppendRefusal(dst []byte, err error) []byte {
	dst, body := appendRefusalHead(dst, err)
	return append(dst, body...)
}

// AppendRefusal appends what the function [AppendRefusal] does, but no body
// if the request's method is HEAD (RFC 9110 9.3.2). h may be the head of a
// request that could not be read.
func (h *Head) AppendRefusal(dst []byte, err error) []byte {
	dst, body := appendRefusalHead(dst, err)
	if h.Method() == http.MethodHead {
		return dst
	}
	return append(dst, body...)
}

// appendRefusalHead appends the head of a refusal and returns its body too.
func appendRefusalHead(dst []byte, err error) (head []byte, body string) {
	e := refusal(err)
	h := http.Header{}
	setRefusal(h, e, true)
	h.Set("Content-Length", strconv.Itoa(len(e.Reason)+1))
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(e.Status)...)
	dst = append(dst, "\r\n"...)
	dst = appendHeader(dst, h)
	dst = append(dst, "\r\n"...)
	if e.Status == http.StatusNotModified {
		return dst, "" // it has none, whatever its fields say (RFC 9112 6.3)
	}
	return dst, e.Reason + "\n"
}

// refusal returns the error to tell the client.
func refusal(err error) *Error {
	var e *Error
	if errors.As(err, &e) && 300 <= e.Status && e.Status <= 599 {
		return e
	}
	return &Error{Status: http.StatusInternalServerError, Reason: http.StatusText(http.StatusInternalServerError)}
}

// setRefusal sets the fields that go with e in h. If closing, they also say
// that the connection ends.
func setRefusal(h http.Header, e *Error, closing bool) {
	upgrade := false
	own := http.Header{}
	for _, key := range slices.Sorted(maps.Keys(e.Header)) {
		name := http.CanonicalHeaderKey(key)
		switch name {
		case "Connection", "Content-Length", "Transfer-Encoding":
			continue
		case "Upgrade":
			if !closing {
				continue
			}
			upgrade = true
		}
		for _, value := range e.Header[key] {
			if isToken(name) && isFieldValue(value) {
				own[name] = append(own[name], value)
			}
		}
	}
	maps.Copy(h, own)
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if closing {
		// Two values, close first: net/http looks at the first one only, and
		// would keep the connection open for "close, Upgrade".
		h["Connection"] = []string{"close"}
		if upgrade {
			h["Connection"] = []string{"close", "Upgrade"}
		}
	}
}
