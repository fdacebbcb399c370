package server

import (
	"context"
	"net/http"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
)

// DefaultHandshakeTimeout is used where [Options.HandshakeTimeout] is 0.
const DefaultHandshakeTimeout = 10 * time.Second

// Options say what a server agrees to. The zero value is good for most.
type Options struct {
	// Subprotocols are those that the server speaks, in its order of
	// preference. Of those that the client offers, the first on this list is
	// chosen; if there is none, the connection has no subprotocol.
	Subprotocols []string

	// SelectSubprotocol, if not nil, chooses instead: it is called with the
	// names that the client offers, if it offers any, and returns one of them, or
	// "" for none, or an error that refuses the client (see OnRefusal).
	SelectSubprotocol func(r *http.Request, offered []string) (string, error)

	// Path is the path that clients connect to, such as "/socket"; "" for any.
	// It is compared byte for byte with that of the request's target, before
	// anything is decoded. Requests for another are refused with 404, or left
	// to [Server.Next].
	Path string

	// ShouldHandle, if not nil, says which requests this server handles, of
	// those for its Path. The others are refused with 400, or left to
	// [Server.Next].
	ShouldHandle func(r *http.Request) bool

	// Verify, if not nil, says whether a client may connect, for instance by
	// its cookies. It is called when the request has passed every other check,
	// and may take its time: ctx ends when the client leaves. An error refuses
	// the client: an [*handshake.Error] with its status, fields and reason, and
	// any other with 500 and nothing that could tell the client why.
	Verify func(ctx context.Context, r *http.Request) error

	// ResponseHeader, if not nil, adds fields to the response that accepts a
	// client, such as cookies. Those of the handshake itself are not its to
	// set: that is an error, and the client is refused with 500.
	ResponseHeader func(r *http.Request, h http.Header)

	// OnRefusal, if not nil, is called with why a client is about to be refused,
	// an [*handshake.Error] where that is the client's fault. It may answer by
	// itself, by w or by a connection that it hijacks, and then returns true. An
	// answer by w closes an HTTP/1.1 connection, unless the hook deletes that
	// field: a refused upgrade that stays open invites smuggled requests.
	// [Server.AcceptConn] has no w to give, and returns the error instead.
	OnRefusal func(w http.ResponseWriter, r *http.Request, err error) (answered bool)

	// Origins are the origins, such as "https://example.com" or
	// "https://*.example.com", whose pages may connect beside those of the
	// server's own host; see [handshake.ParseOrigins]. Programs that are not
	// browsers send no origin and may always connect.
	Origins []string

	// InsecureSkipOriginCheck lets the pages of every site on the web connect,
	// with the cookies of whoever visits them. Only for servers that know
	// their users by other means, and for public data.
	InsecureSkipOriginCheck bool

	// Deflate are the terms on which to agree to permessage-deflate, RFC 7692,
	// if the client offers it; nil for no compression. Compression costs memory
	// for each connection, and gives away by the length of a message how much it
	// has in common with others: keep secrets out of compressed messages. How
	// hard to compress, and what, is for Conn to say; if that has no
	// CompressLimit, the connections of a [Server] share one of
	// [deflate.DefaultLimit]; deflate.NewLimit(-1) is none.
	Deflate *deflate.Terms

	// HeadLimits bound the head of a request: 16 KiB in all, 8 KiB a line and
	// 100 fields by default. What is over is refused with 431 or 414. net/http
	// has read the head when [Server.Accept] sees it: a server that mounts this
	// one sets [http.Server.MaxHeaderBytes] too.
	HeadLimits handshake.HeadLimits

	// HandshakeTimeout is how long a client of [Server.Serve] or
	// [Server.AcceptConn] may take from its first byte to the end of its
	// request head, TLS included; 0 for 10 s, -1 for as long as it likes. Then
	// its connection is closed. A server that mounts this one sets
	// [http.Server.ReadHeaderTimeout] instead.
	HandshakeTimeout time.Duration

	// Conn are the options of each connection.
	Conn conn.Options
}

// handshakeTimeout returns the time that a handshake may take, 0 for any.
func (o *Options) handshakeTimeout() time.Duration {
	if o.HandshakeTimeout == 0 {
		return DefaultHandshakeTimeout
	}
	return max(o.HandshakeTimeout, 0)
}
