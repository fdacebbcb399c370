package deflate

import (
	"iter"
	"strconv"
)

// Name is the extension's name in the Sec-WebSocket-Extensions header field
// (RFC 7692 7).
const Name = "permessage-deflate"

// The extension's parameters (RFC 7692 7.1).
const (
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

// The base-2 logarithm of an LZ77 window in bytes (RFC 7692 7.1.2).
const (
	minWindowBits = 8
	maxWindowBits = 15
)

// Params are the parameters that a server's response names (RFC 7692 7.1). In
// the zero value both directions take over their context and use the largest
// window.
type Params struct {
	// ServerNoContextTakeover says that the server forgets its window after
	// each message (RFC 7692 7.1.1.1).
	ServerNoContextTakeover bool

	// ClientNoContextTakeover says that the client forgets its window after
	// each message (RFC 7692 7.1.1.2).
	ClientNoContextTakeover bool

	// ServerMaxWindowBits is the base-2 logarithm of the server's window in
	// bytes, 8 to 15 (RFC 7692 7.1.2.1). 0 means not named, which is 15.
	ServerMaxWindowBits int

	// ClientMaxWindowBits is the base-2 logarithm of the client's window in
	// bytes, 8 to 15 (RFC 7692 7.1.2.2). 0 means not named, which is 15.
	ClientMaxWindowBits int
}

// All yields the parameters as they go on the wire, name and value; a
// parameter without a value has "".
func (p Params) All() iter.Seq2[string, string] {
	return Offer{Params: p}.All()
}

// FromServer returns the direction of the server's messages.
func (p Params) FromServer() Direction {
	return Direction{
		WindowBits:      windowOrLargest(p.ServerMaxWindowBits),
		ContextTakeover: !p.ServerNoContextTakeover,
	}
}

// FromClient returns the direction of the client's messages.
func (p Params) FromClient() Direction {
	return Direction{
		WindowBits:      windowOrLargest(p.ClientMaxWindowBits),
		ContextTakeover: !p.ClientNoContextTakeover,
	}
}

// named reports whether a parameter with this many window bits is on the wire.
func named(bits int) bool { return bits != 0 }

// windowOrLargest returns the window that bits stand for.
func windowOrLargest(bits int) int {
	if !named(bits) {
		return maxWindowBits
	}
	return bits
}

// validOrUnnamed reports whether bits are fit for [Params].
func validOrUnnamed(bits int) bool {
	return !named(bits) || minWindowBits <= bits && bits <= maxWindowBits
}

// formatBits returns the value of a window parameter.
func formatBits(bits int) string {
	if !named(bits) {
		return ""
	}
	return strconv.Itoa(bits)
}
