package conntest

import "io"

// Plain returns e as a stream that can do nothing but read, write and close: no
// deadlines, no half-close, no addresses.
func (e *End) Plain() io.ReadWriteCloser { return plain{e} }

type plain struct{ e *End }

func (s plain) Read(b []byte) (int, error)  { return s.e.Read(b) }
func (s plain) Write(b []byte) (int, error) { return s.e.Write(b) }
func (s plain) Close() error                { return s.e.Close() }
