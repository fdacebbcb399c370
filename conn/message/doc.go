// Package message turns the frames of a WebSocket connection into messages and
// back, without I/O: bytes in, [Event] values out; messages in, bytes out.
//
// A [Decoder] is one direction's receiving half. It takes the bytes as they
// come from the network, cut anywhere, judges the frames (RFC 6455 section 5),
// unmasks, inflates (RFC 7692) and checks UTF-8 as the bytes arrive, and holds
// the limits. An [Encoder] is the sending half. The two share nothing.
//
// Neither knows sockets, goroutines or time: package conn adds those, and an
// event loop, a proxy, a test or a fuzz target can do without it.
package message
