package frame

import (
	"encoding/binary"
	"io"
	"math"
)

// RSV holds the three reserved bits of a frame, where they stand in its first
// byte, RFC 6455 section 5.2.
type RSV uint8

// The reserved bits. RSV1 is the one that permessage-deflate uses, RFC 7692
// section 6.
const (
	RSV1 RSV = 1 << 6
	RSV2 RSV = 1 << 5
	RSV3 RSV = 1 << 4
)

// Sizes in bytes.
const (
	MaxHeaderLen      = 14  // two bytes, eight of length, four of masking key
	MaxControlPayload = 125 // of a close, ping or pong frame, RFC 6455 section 5.5
)

// The bits and marks of a header's first two bytes.
const (
	finBit  = 1 << 7
	rsvBits = byte(RSV1 | RSV2 | RSV3)
	opBits  = 0x0F
	maskBit = 1 << 7
	lenBits = 0x7F
	len16   = 126 // the length is in the next 2 bytes
	len64   = 127 // the length is in the next 8 bytes
)

// Header is everything of a frame but its payload, RFC 6455 section 5.2.
//
// Its methods do what [ParseHeader], [AppendHeader], [AppendFrame] and
// [Checker.Check] do, but where the header is. A copy of a header that was just
// filled in takes longer than to parse or append one: it is made by one wide
// load, for which the processor must first write out the narrow stores. So the
// functions are for ease, and the methods for code to which ten nanoseconds a
// frame matter.
type Header struct {
	Fin    bool   // the message ends with this frame
	RSV    RSV    // reserved bits that are set
	Opcode Opcode // what the payload is
	Masked bool   // the payload is masked with Key
	Key    Key    // meaningful if Masked
	Length int64  // of the payload, in bytes
}

// AppendHeader appends h, as it goes on the wire, to dst and returns the
// extended slice. It writes what it is given, lawful or not; [Checker] judges.
// Bits of RSV and Opcode for which the wire has no place are left out. The
// length takes its shortest form; a negative one is written as the 64-bit
// number that it is, top bit and all, which every peer must refuse.
func AppendHeader(dst []byte, h Header) []byte {
	return h.Append(dst)
}

// Append appends h to dst as [AppendHeader] does, and returns the extended
// slice. Nothing of dst behind it is written, and h is only read.
func (h *Header) Append(dst []byte) []byte {
	b0 := bit7(h.Fin) | byte(h.RSV)&rsvBits | byte(h.Opcode)&opBits
	n, k := uint64(h.Length), &h.Key
	// Each form is one append: the room for it is asked for once.
	if !h.Masked {
		switch {
		case n < len16:
			return append(dst, b0, byte(n))
		case n <= math.MaxUint16:
			return append(dst, b0, len16, byte(n>>8), byte(n))
		}
		return append(dst, b0, len64,
			byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	switch {
	case n < len16:
		return append(dst, b0, maskBit|byte(n), k[0], k[1], k[2], k[3])
	case n <= math.MaxUint16:
		return append(dst, b0, maskBit|len16, byte(n>>8), byte(n), k[0], k[1], k[2], k[3])
	}
	return append(dst, b0, maskBit|len64,
		byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n),
		k[0], k[1], k[2], k[3])
}

// bit7 returns the top bit of a byte.
func bit7(set bool) (b byte) {
	if set {
		b = 1
	}
	return b << 7
}

// ParseHeader parses the header at the start of b and returns its length n in
// bytes, at most [MaxHeaderLen]. b is not kept.
//
// If b ends inside the header, the error is [io.ErrUnexpectedEOF] and the call
// may be repeated with more. The only other errors are two [*Error]: a length
// that is not in its shortest form, and one with its top bit set, which RFC
// 6455 section 5.2 forbids. Everything else is for [Checker] to judge.
func ParseHeader(b []byte) (h Header, n int, err error) {
	n, err = h.Parse(b)
	return h, n, err
}

// Parse parses the header at the start of b into h as [ParseHeader] does, and
// returns its length n in bytes. It sets every field: Key is zero unless Masked.
// After an error h is as it was before, and n is 0.
func (h *Header) Parse(b []byte) (n int, err error) {
	if len(b) < 2 {
		return 0, io.ErrUnexpectedEOF
	}
	b0, b1 := b[0], b[1]
	length := int64(b1 & lenBits)
	n = 2
	switch length {
	case len16:
		if len(b) < 4 {
			return 0, io.ErrUnexpectedEOF
		}
		length = int64(binary.BigEndian.Uint16(b[2:]))
		if length < len16 {
			return 0, errLengthForm
		}
		n = 4
	case len64:
		if len(b) < 10 {
			return 0, io.ErrUnexpectedEOF
		}
		length = int64(binary.BigEndian.Uint64(b[2:]))
		if length < 0 {
			return 0, errLengthTopBit
		}
		if length <= math.MaxUint16 {
			return 0, errLengthForm
		}
		n = 10
	}
	// Nothing of h changes before the last error is out of the way.
	masked := b1&maskBit != 0
	if masked {
		if len(b) < n+len(h.Key) {
			return 0, io.ErrUnexpectedEOF
		}
		h.Key = Key(b[n:])
		n += len(h.Key)
	} else {
		h.Key = Key{}
	}
	// One by one: a literal would be made elsewhere and copied.
	h.Fin = b0&finBit != 0
	h.RSV = RSV(b0 & rsvBits)
	h.Opcode = Opcode(b0 & opBits)
	h.Masked = masked
	h.Length = length
	return n, nil
}

// AppendFrame appends a whole frame to dst and returns the extended slice. It
// sets h.Length from payload. If h.Masked, it masks the copy that it appends;
// payload itself is only read, and must not overlap dst's spare capacity.
func AppendFrame(dst []byte, h Header, payload []byte) []byte {
	return h.AppendFrame(dst, payload)
}

// AppendFrame appends h and payload to dst as the function [AppendFrame] does,
// and returns the extended slice. The caller's h.Length is set.
func (h *Header) AppendFrame(dst, payload []byte) []byte {
	h.Length = int64(len(payload))
	dst = h.Append(dst)
	start := len(dst)
	dst = append(dst, payload...)
	if h.Masked {
		Mask(dst[start:], h.Key, 0)
	}
	return dst
}
