package server

import (
	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
)

// Options say what a server agrees to. The zero value is good for most.
type Options struct {
	// Subprotocols are those that the server speaks, in its order of
	// preference. Of those that the client offers, the first on this list is
	// chosen; if there is none, the connection has no subprotocol.
	Subprotocols []string

	// Origins are the origins, such as "https://example.com" or
	// "https://*.example.com", whose pages may connect beside those of the
	// server's own host; see [handshake.ParseOrigins]. Programs that are not
	// browsers send no origin and may always connect.
	Origins []string

	// InsecureSkipOriginCheck lets the pages of every site on the web connect,
	// with the cookies of whoever visits them. Only for servers that know
	// their users by other means, and for public data.
	InsecureSkipOriginCheck bool

	// Deflate is what to agree to if the client offers permessage-deflate,
	// RFC 7692; nil for no compression. Compression costs memory for each
	// connection, and gives away by the length of a message how much it has in
	// common with others: keep secrets out of compressed messages.
	Deflate *deflate.Params

	// Conn are the options of each connection.
	Conn conn.Options
}
