package handshake_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/parleyws/parley/handshake"
)

// rawDoor is bytes, and no net/http. They come a byte at a time, and whole.
func rawDoor() door {
	return door{
		name:   "raw",
		serves: func(c handshakeCase) bool { return c.Request != "" },
		answer: func(t *testing.T, c handshakeCase) answer {
			sent := append(c.wire(), second...)
			whole, rest, whatWhole := c.answerRaw(t, bytes.NewBuffer(sent), len(sent))
			slow, early, whatSlow := c.answerRaw(t, iotest.OneByteReader(bytes.NewReader(sent)), 0)
			if !bytes.Equal(whole, slow) {
				t.Errorf("cut into bytes: %q (%v), whole: %q (%v)", slow, whatSlow, whole, whatWhole)
			}
			a := parseAnswer(t, c, whole)
			if a.status == http.StatusSwitchingProtocols && (string(rest) != second || string(early) != second) {
				t.Errorf("%q behind the head, or %q if cut into bytes", rest, early)
			}
			return a
		},
		others: map[string]int{
			"method: CONNECT to a host":            400, // the target is looked at first
			"method: OPTIONS for the whole server": 400,
			"request line: an empty line in front": 400,
		},
	}
}

// answerRaw reads the case from r, first with a buffer of the given capacity,
// and answers it. It also returns what comes behind the head, and the error.
func (c handshakeCase) answerRaw(t *testing.T, r io.Reader, capacity int) (out, rest []byte, err error) {
	t.Helper()
	h := &handshake.Head{Limits: c.limits()}
	rest, err = handshake.ReadHead(r, h, make([]byte, 0, capacity))
	if err == nil {
		out, err = c.judgeHead(h)
	}
	if err != nil && !errors.As(err, new(*handshake.Error)) {
		t.Fatalf("%v\n%s", err, c.show())
	}
	if err != nil {
		return handshake.AppendRefusal(nil, err), nil, err
	}
	later, err := io.ReadAll(r)
	return out, append(bytes.Clone(rest), later...), err
}

// judgeHead is judgeHTTP for a request that net/http has not read.
func (c handshakeCase) judgeHead(h *handshake.Head) ([]byte, error) {
	req, err := h.Request()
	if err != nil {
		return nil, err
	}
	if err := h.SameOrigin(c.Setup.TLS); err != nil {
		origins, parseErr := handshake.ParseOrigins(c.Setup.Origins)
		if parseErr != nil || len(c.Setup.Origins) == 0 {
			return nil, errors.Join(err, parseErr)
		}
		if err := origins.CheckHead(h); err != nil {
			return nil, err
		}
	}
	resp, err := c.respond(req)
	if err != nil {
		return nil, err
	}
	return handshake.AppendResponse(nil, resp, req, nil)
}
