package interop

import (
	"io"
	"net"
	"testing"

	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"golang.org/x/net/nettest"
)

// netConnStream is a stream that a WebSocket may run over. open makes its two
// ends, the server's first.
type netConnStream struct {
	name string
	open func() (server, client io.ReadWriteCloser, err error)
}

// net/nettest is how the Go project tests a net.Conn of its own.
func TestANetConnIsANetConnG19(t *testing.T) {
	for _, s := range []netConnStream{
		{"TCP", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			return asStreams(netConnTCP())
		}},
		{"conntest.Pipe", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b := conntest.Pipe(nil)
			return a, b, nil
		}},
		{"net.Pipe", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b := net.Pipe()
			return a, b, nil
		}},
		{"a WebSocket", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b, err := netConnTCP()
			if err != nil {
				return nil, nil, err
			}
			under, err := newNetConnPair(a, b, nil)
			if err != nil {
				return nil, nil, err
			}
			return under.server, under.client, nil
		}},
	} {
		t.Run(s.name, s.isGoodForANetConn)
	}
}

// A stream whose writes cannot be interrupted without harm is no reason for a
// NetConn to be less than a net.Conn.
func TestANetConnIsANetConnOnAnyStreamG19(t *testing.T) {
	for _, s := range []netConnStream{
		{"TLS", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b, err := netConnTCP()
			if err != nil {
				return nil, nil, err
			}
			return tlsOver(a, b)
		}},
		{"without deadlines", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b := conntest.Pipe(nil)
			return a.Plain(), b.Plain(), nil
		}},
		{"HTTP/2 at the server", func() (io.ReadWriteCloser, io.ReadWriteCloser, error) {
			a, b := conntest.Pipe(nil)
			return a.HTTP2(), b, nil
		}},
	} {
		t.Run(s.name, s.isGoodForANetConn)
	}
}

func asStreams(a, b net.Conn, err error) (server, client io.ReadWriteCloser, _ error) {
	return a, b, err
}

// isGoodForANetConn tests NetConns over s: both roles, with compression agreed and
// without.
func (s netConnStream) isGoodForANetConn(t *testing.T) {
	for agreed, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		for _, role := range []string{"server", "client"} {
			t.Run(agreed+"/"+role, func(t *testing.T) {
				t.Parallel()
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					a, b, err := s.open()
					if err != nil {
						return nil, nil, nil, err
					}
					pair, err := newNetConnPair(a, b, p)
					if err != nil {
						return nil, nil, nil, err
					}
					c1, c2 = pair.server, pair.client
					if role == "client" {
						c1, c2 = c2, c1
					}
					return c1, c2, pair.stop, nil
				})
			})
		}
	}
}

// Why a NetConn takes care: crypto/tls does not promise what package net does.
func TestATLSConnWritesNoMoreAfterADeadline(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	_, client, err := tlsOver(a, b)
	if err != nil {
		t.Fatal(err)
	}
	client.SetWriteDeadline(longPast)
	for range 2 {
		if _, err := client.Write([]byte("hello")); !isDeadline(err) {
			t.Errorf("Write returns %v, want a timeout", err)
		}
		client.SetWriteDeadline(never)
	}
}
