// An echo server of one's own, from the handshake and the frames, with no
// connection type and no server of Parley's; and a client of the same parts.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"time"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

func main() {
	s := httptest.NewServer(http.HandlerFunc(echo))
	defer s.Close()
	if err := ask(s.URL); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// echo sends back each frame until one breaks the rules or closes.
func echo(w http.ResponseWriter, r *http.Request) {
	req, err := handshake.ParseRequest(r)
	if err != nil {
		handshake.Refuse(w, r, err)
		return
	}
	head, err := handshake.AppendResponse(nil, handshake.Response{}, req, w.Header())
	if err != nil {
		handshake.Refuse(w, r, err)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := conn.Write(head); err != nil {
		return
	}

	frames := frame.NewReader(buffered)
	checker := frame.Checker{FromClient: true}
	for {
		h, err := frames.Next()
		if err != nil {
			return
		}
		if err := checker.Check(h); err != nil {
			return
		}
		payload, err := io.ReadAll(frames)
		if err != nil {
			return
		}
		answer := frame.Header{Fin: h.Fin, Opcode: h.Opcode}
		if h.Opcode == frame.Ping {
			answer.Opcode = frame.Pong
		}
		if _, err := conn.Write(frame.AppendFrame(nil, answer, payload)); err != nil || h.Opcode == frame.Close {
			return
		}
	}
}

// ask sends a text and a close to the server, and prints what comes back.
func ask(server string) error {
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))

	req := handshake.Request{Key: handshake.NewKey()}
	wire, err := handshake.AppendRequest(nil, u, req, nil)
	if err != nil {
		return err
	}
	if _, err := conn.Write(wire); err != nil {
		return err
	}
	resp, rest, err := handshake.ReadResponse(conn, nil)
	if err != nil {
		return err
	}
	if _, err := handshake.ParseResponse(resp, req); err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes behind the response, before anything was asked", len(rest))
	}

	header := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: frame.NewKey()}
	wire = frame.AppendFrame(nil, header, []byte("hello"))
	header.Opcode, header.Key = frame.Close, frame.NewKey()
	wire = frame.AppendFrame(wire, header, frame.AppendClose(nil, frame.NormalClosure, ""))
	if _, err := conn.Write(wire); err != nil {
		return err
	}

	frames := frame.NewReader(conn)
	var checker frame.Checker
	for {
		h, err := frames.Next()
		if err != nil {
			return err
		}
		if err := checker.Check(h); err != nil {
			return err
		}
		payload, err := io.ReadAll(frames)
		if err != nil {
			return err
		}
		if h.Opcode == frame.Close {
			code, _, err := frame.ParseClose(payload)
			if err == nil && code != frame.NormalClosure {
				err = fmt.Errorf("closed with %v", code)
			}
			return err
		}
		fmt.Printf("%s\n", payload)
	}
}
