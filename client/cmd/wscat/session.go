package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// maxLine is the longest line in bytes that is read from a pipe.
const maxLine = 16 << 20

// session is one conversation.
type session struct {
	c   *conn.Conn
	cfg config
}

// execute sends one message, prints what comes for a while, and closes.
func (s *session) execute(ctx context.Context, stdout io.Writer) error {
	if err := s.c.Write(ctx, conn.Text, []byte(s.cfg.execute.value)); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, s.cfg.wait)
	defer cancel()
	err := s.print(waiting, stdout, "")
	if waiting.Err() != nil && s.c.Err() == nil {
		return s.c.Close(ctx, frame.NormalClosure, "")
	}
	return err
}

// interact sends what is typed, or what comes through a pipe, until its end.
func (s *session) interact(ctx context.Context, stdin *os.File, stdout io.Writer) error {
	atTerminal := term.IsTerminal(int(stdin.Fd()))
	lines, out, restore := pipeInput(stdin, stdout)
	if atTerminal {
		var err error
		if lines, out, restore, err = terminalInput(stdin, stdout); err != nil {
			return err
		}
	}
	defer restore()

	received := make(chan error, 1)
	go func() { received <- s.print(ctx, out, "< ") }()
	typed := make(chan error, 1)
	go func() { typed <- s.send(ctx, lines, out) }()

	select {
	case err := <-received:
		return ignoreOwnClose(err)
	case err := <-typed:
		if err != nil && s.c.Err() != nil {
			// The reader knows best why the connection ended.
			return ignoreOwnClose(<-received)
		}
		if err == nil && !atTerminal {
			// Answers to the last lines are still to come.
			select {
			case err := <-received:
				return ignoreOwnClose(err)
			case <-time.After(s.cfg.wait):
			}
		}
		if err == nil {
			err = s.c.Close(ctx, frame.NormalClosure, "")
		}
		return ignoreOwnClose(err)
	case <-ctx.Done():
		return ignoreOwnClose(s.c.Close(context.WithoutCancel(ctx), frame.NormalClosure, ""))
	}
}

// ignoreOwnClose makes nothing of an error that says that we have closed.
func ignoreOwnClose(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// pipeInput gives the lines of a pipe or a file, and where to print meanwhile.
func pipeInput(stdin io.Reader, stdout io.Writer) (next func() (string, error), out io.Writer, restore func()) {
	scanner := bufio.NewScanner(stdin)
	scanner.Buffer(nil, maxLine)
	next = func() (string, error) {
		if scanner.Scan() {
			return scanner.Text(), nil
		}
		if err := scanner.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
	return next, stdout, func() {}
}

// terminalInput gives the lines that are typed, which can be edited and
// recalled, and where to print without getting in their way.
func terminalInput(stdin *os.File, stdout io.Writer) (next func() (string, error), out io.Writer, restore func(), err error) {
	fd := int(stdin.Fd())
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, nil, nil, err
	}
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{stdin, stdout}, "> ")
	if width, height, err := term.GetSize(fd); err == nil {
		t.SetSize(width, height)
	}
	fmt.Fprintln(t, "connected (Ctrl-D to end)")
	return t.ReadLine, t, func() {
		term.Restore(fd, old)
		fmt.Fprintln(stdout)
	}, nil
}

// print prints what comes until the connection ends.
func (s *session) print(ctx context.Context, out io.Writer, prefix string) error {
	h := conn.Handler{
		OnMessage: func(c *conn.Conn, m conn.Message) {
			if m.Type == conn.Binary {
				fmt.Fprintf(out, "%sbinary %s\n", prefix, hex.EncodeToString(m.Data))
				return
			}
			fmt.Fprintf(out, "%s%s\n", prefix, m.Data)
		},
	}
	if s.cfg.control {
		h.OnPing = func(c *conn.Conn, payload []byte) { fmt.Fprintf(out, "%sping %q\n", prefix, payload) }
		h.OnPong = func(c *conn.Conn, payload []byte) { fmt.Fprintf(out, "%spong %q\n", prefix, payload) }
	}
	return s.c.Serve(ctx, h)
}

// send sends line after line, and returns nil when there are no more.
func (s *session) send(ctx context.Context, next func() (string, error), out io.Writer) error {
	for {
		line, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if s.cfg.slash && strings.HasPrefix(line, "/") {
			err = s.command(ctx, line, out)
		} else {
			err = s.c.Write(ctx, conn.Text, []byte(line))
		}
		if err != nil {
			return err
		}
	}
}

// command does what a line that begins with a slash says.
func (s *session) command(ctx context.Context, line string, out io.Writer) error {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "/ping":
		go s.ping(ctx, out)
		return nil
	case "/pong":
		return s.c.Pong(ctx, []byte(rest[:min(len(rest), frame.MaxControlPayload)]))
	case "/close":
		code, reason, err := parseClose(rest)
		if err != nil {
			fmt.Fprintln(out, oneLine(err))
			return nil
		}
		return s.c.Close(ctx, code, reason)
	}
	fmt.Fprintln(out, "commands are /ping, /pong [PAYLOAD] and /close [CODE [REASON]]")
	return nil
}

func (s *session) ping(ctx context.Context, out io.Writer) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if d, err := s.c.Ping(ctx); err == nil {
		fmt.Fprintf(out, "pong after %v\n", d.Round(time.Microsecond))
	} else if ctx.Err() != nil {
		fmt.Fprintln(out, "no pong")
	}
}

func parseClose(s string) (frame.CloseCode, string, error) {
	if s == "" {
		return frame.NormalClosure, "", nil
	}
	number, reason, _ := strings.Cut(s, " ")
	code, err := strconv.ParseUint(number, 10, 16)
	if err != nil || !frame.CloseCode(code).OnWire() {
		return 0, "", fmt.Errorf("%q is not a close code that may be sent", number)
	}
	return frame.CloseCode(code), reason, nil
}
