package client_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyws/parley/client"
	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
)

// latin1 is bytes that stand in a table as text: each code point up to U+00FF
// is a byte, and an ellipsis is the place of a fill.
type latin1 string

type fill struct {
	Text  latin1 `json:"text"`
	Times int    `json:"times"`
}

func (s latin1) wire(fills []fill) (b []byte) {
	for _, c := range s {
		if c != '…' {
			b = append(b, byte(c))
			continue
		}
		b = append(b, bytes.Repeat(fills[0].Text.wire(nil), fills[0].Times)...)
		fills = fills[1:]
	}
	return b
}

// responseCase is a case of responses.json, whose README says what the fields
// mean.
type responseCase struct {
	Name    string   `json:"name"`
	IDs     []string `json:"ids"`
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

func responseCases(t *testing.T) []responseCase {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "responses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []responseCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// options returns what makes a client ask as the case wants.
func (c *responseCase) options(t *testing.T) *client.Options {
	opts := &client.Options{Subprotocols: c.Request.Subprotocols}
	if c.Request.Extensions != "" {
		list, err := handshake.ParseExtensions([]string{c.Request.Extensions})
		if err != nil || len(list) != 1 || list[0].Name != deflate.Name {
			t.Fatalf("the client cannot offer %q", c.Request.Extensions)
		}
		offer, err := deflate.ParseOffer(list[0].Params())
		if err != nil {
			t.Fatal(err)
		}
		opts.Deflate = &offer
	}
	return opts
}

// answer reads a request from nc and sends the response of the case, made out
// to the key that the client chose, and then the end of the stream.
func (c *responseCase) answer(nc net.Conn) {
	defer nc.Close()
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		return
	}
	key := r.Header.Get("Sec-WebSocket-Key")
	response := bytes.ReplaceAll(c.Response.wire(c.Fill),
		[]byte(handshake.AcceptKey(c.Request.Key)), []byte(handshake.AcceptKey(key)))
	nc.Write(response)
}

// Tests C1, C2, C4 and H6, and rows 180 to 186, from end to end.
func TestTheTableOfResponses(t *testing.T) {
	for _, tc := range responseCases(t) {
		t.Run(strings.Join(tc.IDs, "/")+": "+tc.Name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe()
			go tc.answer(theirs)
			c, resp, err := client.DialConn(timeout(t), ours, "ws://example.com/", tc.options(t))
			if err == nil {
				defer c.CloseNow()
			}
			if (err == nil) != (tc.Accept != nil) {
				if tc.Either == "" {
					t.Fatalf("ended by %v", err)
				}
				return
			}
			if err != nil {
				var e *handshake.Error
				if !errors.As(err, &e) {
					t.Fatalf("%T: %v", err, err)
				}
				if tc.Refuse.Status != 0 && e.Status != tc.Refuse.Status {
					t.Errorf("status %d, want %d: %v", e.Status, tc.Refuse.Status, err)
				}
				if tc.Refuse.Body != "" {
					body, err := io.ReadAll(resp.Body)
					if err != nil || string(body) != tc.Refuse.Body {
						t.Errorf("body %q, %v; want %q", body, err, tc.Refuse.Body)
					}
				}
				if _, err := ours.Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("the connection was left open: %v", err)
				}
				return
			}
			if got := c.Subprotocol(); got != tc.Accept.Subprotocol {
				t.Errorf("subprotocol %q, want %q", got, tc.Accept.Subprotocol)
			}
			if _, agreed := c.Deflate(); agreed != (tc.Accept.Extensions != "") {
				t.Errorf("compression %v, want %q", agreed, tc.Accept.Extensions)
			}
			if strings.HasPrefix(string(tc.Accept.Rest), "\u0081\u0002hi") {
				m, err := c.Read(timeout(t))
				if err != nil || m.Type != conn.Text || string(m.Data) != "hi" {
					t.Errorf("read %q, %v", m.Data, err)
				}
			}
		})
	}
}
