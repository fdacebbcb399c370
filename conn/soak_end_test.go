package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// afterEnd calls all there is to call on a connection that has ended, and returns
// what is wrong with the answers. The end is one CloseError, the same for all.
func afterEnd(c *conn.Conn) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }

	var end *conn.CloseError
	if !errors.As(c.Err(), &end) || c.Err() != error(end) {
		return []string{fmt.Sprintf("Err is %v", c.Err())}
	}
	if c.State() != conn.Closed {
		complain("State is %v", c.State())
	}
	select {
	case <-c.Done():
	default:
		complain("Done is open")
	}
	if cause := context.Cause(c.Context()); cause != error(end) {
		complain("the cause of Context is %v", cause)
	}
	normal := end.Remote && (end.Code == frame.NormalClosure || end.Code == frame.GoingAway || end.Code == frame.NoStatusReceived)

	reads := map[string]func() error{
		"Read":       func() error { _, err := c.Read(bg); return err },
		"ReadInto":   func() error { _, _, err := c.ReadInto(bg, nil); return err },
		"NextReader": func() error { _, _, err := c.NextReader(bg); return err },
	}
	for name, read := range reads {
		if err := read(); err != error(end) {
			complain("%s returns %v, want %v", name, err, end)
		}
	}
	yielded := 0
	for _, err := range c.Messages(bg) {
		if yielded++; err != error(end) {
			complain("Messages yields %v, want %v", err, end)
		}
	}
	if (yielded == 0) != normal {
		complain("Messages yields %d errors after %v", yielded, end)
	}
	heard := func(*conn.Conn) { complain("Serve calls a function") }
	err := c.Serve(bg, conn.Handler{OnOpen: heard, OnClose: func(c *conn.Conn, _ error) { heard(c) }})
	if err != error(end) {
		complain("Serve returns %v, want %v", err, end)
	}
	n := c.NetConn(conn.Binary)
	halfClosed := !end.Remote && end.Clean // then what the peer had to say is over as well
	switch _, err := n.Read(make([]byte, 1)); {
	case normal && err != io.EOF, !normal && err != error(end) && !(halfClosed && err == io.EOF):
		complain("NetConn.Read returns %v after %v", err, end)
	}

	prepared, err := conn.Prepare(conn.Text, []byte("too late"))
	if err != nil {
		complain("Prepare returns %v", err)
	}
	writes := map[string]func() error{
		"Write":                  func() error { return c.Write(bg, conn.Binary, nil) },
		"WriteText":              func() error { return c.WriteText(bg, "too late") },
		"WriteUncompressed":      func() error { return c.WriteUncompressed(bg, conn.Binary, nil) },
		"NextWriter":             func() error { _, err := c.NextWriter(bg, conn.Binary); return err },
		"NextWriterUncompressed": func() error { _, err := c.NextWriterUncompressed(bg, conn.Binary); return err },
		"WritePrepared":          func() error { return c.WritePrepared(bg, prepared) },
		"Flush":                  func() error { return c.Flush(bg) },
		"Ping":                   func() error { _, err := c.Ping(bg); return err },
		"Pong":                   func() error { return c.Pong(bg, nil) },
		"NetConn.Write":          func() error { _, err := n.Write([]byte("too late")); return err },
	}
	for name, write := range writes {
		var got *conn.CloseError
		if err := write(); !errors.As(err, &got) || got != end || !errors.Is(err, net.ErrClosed) {
			complain("%s returns %v, want a net.ErrClosed with %v", name, err, end)
		}
	}
	closes := map[string]func() error{
		"Close":         func() error { return c.Close(bg, frame.GoingAway, "again") },
		"CloseWrite":    func() error { return c.CloseWrite(bg, frame.GoingAway, "again") },
		"CloseNow":      c.CloseNow,
		"NetConn.Close": n.Close,
	}
	for name, do := range closes {
		if err := do(); err != nil {
			complain("%s returns %v", name, err)
		}
	}
	if c.Err() != error(end) {
		complain("Err has become %v", c.Err())
	}
	return wrong
}
