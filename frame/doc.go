// Package frame is the WebSocket frame codec of RFC 6455 section 5: headers,
// masking, the payload of close frames, and the order in which frames may
// follow each other.
//
// It works on bytes and needs no I/O. [AppendHeader] and [AppendFrame] write,
// [ParseHeader] and [ParseClose] read, [Mask] masks and unmasks in place, and
// a [Checker] judges what was read: parsing and judging are two acts, so that
// a tool which must write or look at unlawful frames uses the same code as a
// server which refuses them. [Reader] reads frames from an [io.Reader].
//
// The package knows neither messages nor compression nor sockets. It imports
// the standard library and, to choose its assembly, golang.org/x/sys/cpu; the
// build tag purego leaves the assembly out.
package frame
