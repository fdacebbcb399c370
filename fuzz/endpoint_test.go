package fuzz_test

import (
	"bytes"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// endpoint is one side of a connection without a network.
type endpoint struct {
	in  message.Decoder
	out message.Encoder
}

// newEndpoint returns one side of what was agreed.
func newEndpoint(t *testing.T, client bool, agreed deflate.Params, level int) *endpoint {
	t.Helper()
	in, out := agreed.FromClient(), agreed.FromServer()
	if client {
		in, out = out, in
	}
	c, err := deflate.NewCompressor(out, level)
	if err != nil {
		t.Fatalf("%+v: %v", agreed, err)
	}
	e := &endpoint{
		in:  message.Decoder{FromClient: !client, Inflate: deflate.NewDecompressor(in)},
		out: message.Encoder{FromClient: client, Deflate: c, CompressFrom: -1},
	}
	t.Cleanup(e.in.Free)
	t.Cleanup(e.out.Free)
	return e
}

// arrival is a message or a control frame as it came in.
type arrival struct {
	opcode  frame.Opcode
	payload []byte
}

// receive takes wire, which it may change, in pieces that cut chooses, and
// returns what arrived.
func (e *endpoint) receive(t *testing.T, wire []byte, cut func(room int) int) (all []arrival) {
	t.Helper()
	var inProgress *arrival
	for len(wire) > 0 {
		n := cut(len(wire))
		for ev, err := range e.in.Feed(wire[:n]) {
			switch {
			case err != nil:
				t.Fatalf("after %d messages: %v", len(all), err)
			case ev.Opcode.IsControl():
				all = append(all, arrival{ev.Opcode, bytes.Clone(ev.Payload)})
				continue
			case inProgress == nil:
				inProgress = &arrival{opcode: ev.Opcode}
			}
			inProgress.payload = append(inProgress.payload, ev.Payload...)
			if ev.Last {
				all = append(all, *inProgress)
				inProgress = nil
			}
		}
		wire = wire[n:]
	}
	if inProgress != nil {
		t.Fatalf("a message is not finished: %d bytes of it", len(inProgress.payload))
	}
	return all
}
