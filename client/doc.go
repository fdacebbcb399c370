// Package client opens WebSocket connections: [Dial] to a URL, [DialConn] on a
// stream of the caller's own. What comes out is a [conn.Conn], the same type
// that a server has.
package client
