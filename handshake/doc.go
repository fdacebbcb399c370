// Package handshake is the opening handshake of the WebSocket protocol,
// RFC 6455 section 4, as functions on requests and responses, for both roles.
//
// A server judges a request with [ParseRequest] and [SameOrigin] (or
// [Origins.Check]), refuses it with [Refuse], or answers it with
// [AppendResponse] on the connection taken over from net/http. A client writes
// its request with [AppendRequest], reads the answer with [ReadResponse], and
// judges it with [ParseResponse]. Over HTTP/2 and HTTP/3 (RFC 8441, RFC 9220)
// the same functions judge, and SetHeader of [Request] and [Response] take the
// place of AppendRequest and AppendResponse.
//
// A server without net/http reads a request with [ReadHead] into a [Head],
// which judges it where it lies, without allocating: [Head.Request] and
// [Head.SameOrigin] give the same verdicts, and [AppendRefusal] the answer.
// What net/http lets pass as HTTP and Head does not is named at [Head.Parse].
//
// The package knows the syntax of extensions and subprotocols, not what they
// mean: an [Extension] is a name and parameters in order.
//
// Nothing here opens, closes or times out a connection, starts a goroutine or
// keeps state outside of a Head, so every function may be called from several
// goroutines at once, as long as nobody changes the arguments meanwhile.
//
// What the other side sends wrongly is an [*Error], which knows the HTTP
// status to answer with. What the caller asks for wrongly, such as a line
// break in a header field, is an [*ArgumentError], and then nothing is
// written: no string given to this package can add a line to a head.
package handshake
