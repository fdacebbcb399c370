// Package conn is one WebSocket connection, the same type for a server and a
// client: messages in and out over a byte stream, pings, keepalive and the
// closing handshake of RFC 6455 section 7.
//
// A [Conn] comes from package server or client, or from [New] over any stream
// on which the opening handshake is done. All its write methods may be called
// from any goroutine. One goroutine at a time reads, in whichever style suits:
// blocking calls ([Conn.Read], [Conn.ReadInto]), range ([Conn.Messages]) or
// events ([Conn.Serve], or [Conn.Start], which takes a goroutine only while there
// is something to do). Pings are answered and the closing handshake is
// completed while something reads.
//
// Calls that wait take a context. One that ends costs a read nothing: what has
// come stays for the next. It costs a write nothing either as long as none of it
// has left; see [Conn.Write] for the rest.
package conn
