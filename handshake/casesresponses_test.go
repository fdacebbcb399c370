package handshake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parleyws/parley/handshake"
)

// responseCase is a case of responses.json, whose README says what the fields
// mean.
type responseCase struct {
	Name    string   `json:"name"`
	IDs     []string `json:"ids"`
	Section string   `json:"section"`
	Request struct {
		Key          string   `json:"key"`
		Subprotocols []string `json:"subprotocols"`
		Extensions   string   `json:"extensions"`
	} `json:"request"`
	Response latin1 `json:"response"`
	Fill     []fill `json:"fill"`
	Accept   *struct {
		Subprotocol string `json:"subprotocol"`
		Extensions  string `json:"extensions"`
		Rest        latin1 `json:"rest"`
	} `json:"accept"`
	Refuse *struct {
		Stage  string `json:"stage"`
		Status int    `json:"status"`
		Body   string `json:"body"`
	} `json:"refuse"`
	Either string `json:"either"`
}

func (c responseCase) title() string {
	return handshakeCase{Name: c.Name, IDs: c.IDs}.title()
}

func (c responseCase) wire() []byte {
	b, _ := c.Response.wire(c.Fill)
	return b
}

// answered is what a client makes of an answer.
type answered struct {
	stage       string // at which it is refused, or ""
	status      int
	body        string
	subprotocol string
	extensions  string
	rest        string
	err         string
}

func (a answered) String() string {
	return fmt.Sprintf("stage %q, status %d, body %.100q, subprotocol %q, extensions %q, rest %.100q, error %q",
		a.stage, a.status, a.body, a.subprotocol, a.extensions, a.rest, a.err)
}

// want returns the verdict of the table. What parameters mean is not for this
// package, so an answer with wrong ones is an answer.
func (c responseCase) want() answered {
	if c.Refuse != nil && c.Refuse.Stage != "extension" {
		return answered{stage: c.Refuse.Stage, status: c.Refuse.Status, body: c.Refuse.Body}
	}
	w := answered{status: http.StatusSwitchingProtocols}
	if c.Accept != nil {
		rest, _ := c.Accept.Rest.wire(c.Fill[len(c.Fill)-strings.Count(string(c.Accept.Rest), "…"):])
		w.subprotocol, w.extensions, w.rest = c.Accept.Subprotocol, c.Accept.Extensions, string(rest)
	}
	return w
}

// read is what a client does with the bytes of an answer.
func (c responseCase) read(r io.Reader) (a answered) {
	resp, rest, err := handshake.ReadResponse(r, nil)
	if err != nil {
		return failed("head", err)
	}
	req := handshake.Request{Key: c.Request.Key, Subprotocols: c.Request.Subprotocols}
	if c.Request.Extensions != "" {
		req.Extensions = []string{c.Request.Extensions}
	}
	agreed, err := handshake.ParseResponse(resp, req)
	if err != nil {
		a = failed("handshake", err)
		if resp.StatusCode != http.StatusSwitchingProtocols {
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				a.err = err.Error()
			}
			a.body = string(body)
		}
		return a
	}
	later, err := io.ReadAll(r)
	if err != nil {
		a.err = err.Error()
	}
	a.status, a.subprotocol, a.rest = resp.StatusCode, agreed.Subprotocol, string(rest)+string(later)
	for i, e := range agreed.Extensions {
		if i > 0 {
			a.extensions += ", "
		}
		a.extensions += e.String()
	}
	return a
}

func failed(stage string, err error) answered {
	var e *handshake.Error
	if !errors.As(err, &e) {
		return answered{stage: stage, err: "no *Error: " + err.Error()}
	}
	a := answered{stage: stage, status: e.Status}
	if e.Reason == "" || !strings.HasPrefix(e.Error(), "websocket: ") {
		a.err = "no reason"
	}
	return a
}

// shortResponse is the length in bytes up to which an answer is cut anywhere.
const shortResponse = 512

// An answer gets its verdict, and the same one wherever it is cut.
func TestTheTableOfResponses(t *testing.T) {
	for _, c := range casesTable[responseCase](t, "responses.json") {
		t.Run(c.title(), func(t *testing.T) {
			wire := c.wire()
			got, want := c.read(bytes.NewReader(wire)), c.want()
			if c.Refuse != nil && c.Refuse.Stage == "extension" {
				want.extensions = got.extensions
			}
			if got != want {
				t.Errorf("%.1000q is\n%v, want\n%v", wire, got, want)
			}
			pieces := map[string]io.Reader{
				"a byte at a time":   iotest.OneByteReader(bytes.NewReader(wire)),
				"end with the bytes": iotest.DataErrReader(bytes.NewReader(wire)),
			}
			for how, r := range pieces {
				if cut := c.read(r); cut != got {
					t.Errorf("%s: %v, whole: %v", how, cut, got)
				}
			}
			for i := range min(len(wire), shortResponse) {
				r := io.MultiReader(bytes.NewReader(wire[:i]), bytes.NewReader(wire[i:]))
				if cut := c.read(r); cut != got {
					t.Errorf("cut at %d: %v, whole: %v", i, cut, got)
				}
			}
		})
	}
}
