package deflate

import (
	"errors"
	"io"
)

// ErrCorrupt is in every [*CorruptError], for [errors.Is].
var ErrCorrupt = errors.New("websocket: corrupt compressed message")

// CorruptError says why a message cannot be inflated. In a WebSocket
// connection it leads to the close code 1007 (RFC 6455 7.4.1).
type CorruptError struct {
	Section string // of the RFC, such as "RFC 1951 3.2.4"
	Reason  string // in plain words
	Err     error  // what it came from; nil, or io.ErrUnexpectedEOF if the message ends too early
}

// Error says it all in one line.
func (e *CorruptError) Error() string {
	return ErrCorrupt.Error() + ": " + e.Reason + " (" + e.Section + ")"
}

// Is reports whether target is [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns e.Err.
func (e *CorruptError) Unwrap() error { return e.Err }

// What can be wrong with a message.
var (
	errTruncated     = &CorruptError{"RFC 7692 7.2.2", "it ends too early", io.ErrUnexpectedEOF}
	errReservedBlock = &CorruptError{"RFC 1951 3.2.3", "reserved type of block", nil}
	errStoredLength  = &CorruptError{"RFC 1951 3.2.4", "length of a stored block does not match its complement", nil}
	errDynamicHeader = &CorruptError{"RFC 1951 3.2.7", "too many code lengths, or nothing to repeat", nil}
	errHuffmanCode   = &CorruptError{"RFC 1951 3.2.7", "code lengths make no Huffman code", nil}
	errInvalidCode   = &CorruptError{"RFC 1951 3.2.6", "code without a meaning", nil}
	errDistance      = &CorruptError{"RFC 7692 7.1.2", "match reaches back beyond the window", nil}
)
