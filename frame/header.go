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
// The length takes its shortest form; a negative one is written as the 64-bit
// number that it is, top bit and all, which every peer must refuse.
func AppendHeader(dst []byte, h Header) []byte {
	b0 := byte(h.RSV)&rsvBits | byte(h.Opcode)&opBits
	if h.Fin {
		b0 |= finBit
	}
	var b1 byte
	if h.Masked {
		b1 = maskBit
	}
	switch {
	case uint64(h.Length) < len16:
		dst = append(dst, b0, b1|byte(h.Length))
	case uint64(h.Length) <= math.MaxUint16:
		dst = append(dst, b0, b1|len16, byte(h.Length>>8), byte(h.Length))
	default:
		dst = append(dst, b0, b1|len64)
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// ParseHeader parses the header at the start of b and returns its length n in
// bytes, at most [MaxHeaderLen]. b is not kept.
//
// If b ends inside the header, the error is [io.ErrUnexpectedEOF] and the call
// may be repeated with more. The only other errors are two [*Error]: a length
// that is not in its shortest form, and one with its top bit set, which RFC
// 6455 section 5.2 forbids. Everything else is for [Checker] to judge.
func ParseHeader(b []byte) (h Header, n int, err error) {
	if len(b) < 2 {
		return Header{}, 0, io.ErrUnexpectedEOF
	}
	h.Fin = b[0]&finBit != 0
	h.RSV = RSV(b[0] & rsvBits)
	h.Opcode = Opcode(b[0] & opBits)
	h.Masked = b[1]&maskBit != 0
	h.Length = int64(b[1] & lenBits)
	n = 2
	if h.Length >= len16 {
		if h.Length == len16 {
			if len(b) < 4 {
				return Header{}, 0, io.ErrUnexpectedEOF
			}
			h.Length = int64(binary.BigEndian.Uint16(b[2:]))
			n = 4
			if h.Length < len16 {
				return Header{}, 0, errLengthForm
			}
		} else {
			if len(b) < 10 {
				return Header{}, 0, io.ErrUnexpectedEOF
			}
			h.Length = int64(binary.BigEndian.Uint64(b[2:]))
			n = 10
			if h.Length < 0 {
				return Header{}, 0, errLengthTopBit
			}
			if h.Length <= math.MaxUint16 {
				return Header{}, 0, errLengthForm
			}
		}
	}
	if h.Masked {
		if len(b) < n+4 {
			return Header{}, 0, io.ErrUnexpectedEOF
		}
		h.Key = Key(b[n : n+4])
		n += 4
	}
	return h, n, nil
}

// AppendFrame appends a whole frame to dst and returns the extended slice. It
// sets h.Length from payload. If h.Masked, it masks the copy that it appends;
// payload itself is only read, and must not overlap dst's spare capacity.
func AppendFrame(dst []byte, h Header, payload []byte) []byte {
	h.Length = int64(len(payload))
	dst = AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, payload...)
	if h.Masked {
		Mask(dst[start:], h.Key, 0)
	}
	return dst
}
