package fuzz_test

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
)

// looseDecoder is another frame codec, which keeps to the rules of RFC 6455
// section 5 but for those that a field turns off. It shares no code with ours.
type looseDecoder struct {
	takeLongForms         bool // lengths that are not in their shortest form
	takeTopBit            bool // lengths of 2^63 and more
	cutLengthTo32         bool // keeps a length in 32 bits
	shortLengths          bool // reads 126 and 127 as lengths of their own
	littleEndian          bool // reads lengths backwards
	ignoreMaskOfClient    bool // lets clients send unmasked
	ignoreMaskOfServer    bool // lets servers mask
	keepMask              bool // does not unmask
	dropFIN               bool // takes every frame for a message's last
	nameContinuation      bool // gives continuations the opcode of their message
	dropRSV               bool // does not hand out reserved bits
	takeRSV               bool // any reserved bits
	takeRSVOfControl      bool // those of an extension on control frames
	takeRSVOfContinuation bool // those of an extension on later fragments
	takeReserved          bool // reserved opcodes
	takeLongControl       bool // control frames over 125 bytes
	takeFragmentedControl bool // control frames without FIN
	takeContinuationFirst bool // a continuation of nothing
	takeMessageInside     bool // a message inside another
	refuseControlInside   bool // control frames between fragments
	refuseEmpty           bool // frames without payload
	waitForPayload        bool // judges whole frames only
	panicAtCut            bool // runs over the end of a header
	forgetFrame           bool // loses a frame before a breach
	acceptFirst           bool // hands out a frame and then judges it
	wrongCode             bool // says 1007 for everything
}

func (d looseDecoder) decode(fromClient bool, extensions []int, wire []byte) (accepted []testdata.Frame, err error) {
	inside := false
	for len(wire) > 0 {
		f, n, longForm, ok := d.header(wire)
		if !ok {
			return accepted, io.ErrUnexpectedEOF
		}
		payload := wire[n:]
		if f.Length >= 0 {
			payload = payload[:min(int64(len(payload)), f.Length)]
		}
		if d.waitForPayload && int64(len(payload)) != f.Length {
			return accepted, io.ErrUnexpectedEOF
		}
		if breach := d.breach(f, longForm, inside, fromClient, extensions); breach != "" {
			switch {
			case d.forgetFrame && len(accepted) > 0:
				accepted = accepted[:len(accepted)-1]
			case d.acceptFirst:
				accepted = append(accepted, f)
			}
			code := 1002
			if d.wrongCode {
				code = 1007
			}
			return accepted, fuzz.WithCloseCode(errors.New(breach), code)
		}
		if f.Opcode < 8 {
			inside = !f.Fin
		}
		wire = wire[n+len(payload):]
		f.Payload = slices.Clone(payload)
		for i := range f.Payload {
			if len(f.Key) > 0 && !d.keepMask {
				f.Payload[i] ^= f.Key[i%4]
			}
		}
		if d.dropRSV {
			f.RSV = nil
		}
		if d.dropFIN {
			f.Fin = true
		}
		if d.nameContinuation && f.Opcode == 0 {
			f.Opcode = 1
		}
		accepted = append(accepted, f)
	}
	return accepted, nil
}

// header reads a header of n bytes. ok is false if b ends inside it.
func (d looseDecoder) header(b []byte) (f testdata.Frame, n int, longForm, ok bool) {
	if d.panicAtCut {
		_ = b[1]
	}
	if len(b) < 2 {
		return f, 0, false, false
	}
	f.Fin = b[0]&0x80 != 0
	for bit := 1; bit <= 3; bit++ {
		if b[0]&(0x80>>bit) != 0 {
			f.RSV = append(f.RSV, bit)
		}
	}
	f.Opcode = int(b[0] & 0x0F)
	f.Length = int64(b[1] & 0x7F)
	n = 2
	var order binary.ByteOrder = binary.BigEndian
	if d.littleEndian {
		order = binary.LittleEndian
	}
	switch {
	case d.shortLengths:
	case f.Length == 126:
		if n = 4; len(b) < n {
			return f, 0, false, false
		}
		f.Length = int64(order.Uint16(b[2:]))
		longForm = f.Length < 126
	case f.Length == 127:
		if n = 10; len(b) < n {
			return f, 0, false, false
		}
		f.Length = int64(order.Uint64(b[2:]))
		if d.cutLengthTo32 {
			f.Length = int64(uint32(f.Length))
		}
		longForm = 0 <= f.Length && f.Length < 1<<16
	}
	if b[1]&0x80 != 0 {
		if len(b) < n+4 {
			return f, 0, false, false
		}
		f.Key = testdata.Hex(b[n : n+4])
		n += 4
	}
	return f, n, longForm, true
}

// breach says which rule f breaks.
func (d looseDecoder) breach(f testdata.Frame, longForm, inside, fromClient bool, extensions []int) string {
	control := f.Opcode >= 8
	masked := len(f.Key) > 0
	switch {
	case longForm && !d.takeLongForms:
		return "length is not in its shortest form"
	case f.Length < 0 && !d.takeTopBit:
		return "length has its top bit set"
	case fromClient && !masked && !d.ignoreMaskOfClient:
		return "a client's frame is not masked"
	case !fromClient && masked && !d.ignoreMaskOfServer:
		return "a server's frame is masked"
	case (f.Opcode > 2 && f.Opcode < 8 || f.Opcode > 10) && !d.takeReserved:
		return "opcode is reserved"
	case control && f.Length > 125 && !d.takeLongControl:
		return "control frame is too long"
	case control && !f.Fin && !d.takeFragmentedControl:
		return "control frame is fragmented"
	case control && inside && d.refuseControlInside:
		return "control frame inside a message"
	case f.Opcode == 0 && !inside && !d.takeContinuationFirst:
		return "continuation of nothing"
	case f.Opcode > 0 && !control && inside && !d.takeMessageInside:
		return "message inside a message"
	case f.Length == 0 && d.refuseEmpty:
		return "frame is empty"
	case len(f.RSV) == 0 || d.takeRSV:
		return ""
	case control && !d.takeRSVOfControl || f.Opcode == 0 && !d.takeRSVOfContinuation:
		return "reserved bit where no extension may set it"
	}
	for _, bit := range f.RSV {
		if !slices.Contains(extensions, bit) {
			return "reserved bit that no extension uses"
		}
	}
	return ""
}
