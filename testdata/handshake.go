package testdata

// HandshakeCase is what a client sent to open a WebSocket, and how a server
// must answer, RFC 6455 section 4.2.
type HandshakeCase struct {
	Name    string   `json:"name"`    // unique in its table
	IDs     []string `json:"ids"`     // of the requirements that the case is for; README.md says where they come from
	Section string   `json:"section"` // that decides the case, such as "RFC 6455 4.2.1"
	Setup   Setup    `json:"setup"`   // of the server

	// Request is what was sent over HTTP/1.1, with what stands behind the
	// head; nothing if the case is one for HTTP/2 alone. HTTP2 is the same
	// request as extended CONNECT, RFC 8441, pseudo-header fields first; none
	// if it has no counterpart. Both have places for Fill.
	Request Latin1      `json:"request"`
	HTTP2   [][2]Latin1 `json:"http2"`
	Fill    []Fill      `json:"fill"`

	// Accept or Refuse is the answer, and the other one nil.
	Accept *Accepted `json:"accept"`
	Refuse *Refused  `json:"refuse"`

	// Also are the other statuses to put up with.
	Also []Tolerated `json:"also"`
}

// Wire returns the bytes of c.Request. The slice is the caller's.
func (c HandshakeCase) Wire() []byte {
	b, _ := c.Request.wire(c.Fill)
	return b
}

// HTTP2Fields returns name and value of c.HTTP2, which are bytes. The slice is
// the caller's.
func (c HandshakeCase) HTTP2Fields() [][2]string {
	var fields [][2]string
	fill := c.Fill
	for _, f := range c.HTTP2 {
		name, rest := f[0].wire(fill)
		value, rest := f[1].wire(rest)
		fields = append(fields, [2]string{string(name), string(value)})
		fill = rest
	}
	return fields
}

// Setup is how the server of a [HandshakeCase] is set up. It allows the
// origin of its own host, and what the fields say.
type Setup struct {
	Subprotocols []string `json:"subprotocols"` // that it speaks, in its order of preference
	Deflate      *Deflate `json:"deflate"`      // what it would like of permessage-deflate; nil if it does not know it
	Origins      []string `json:"origins"`      // allowed beside its own; a star stands for one or more labels
	TLS          bool     `json:"tls"`          // the request comes over TLS
	Limits       *Limits  `json:"limits"`       // of the head; nil if the case needs none
}

// Deflate are parameters of permessage-deflate, RFC 7692 section 7.1; 0 and
// false for those without a wish.
type Deflate struct {
	ServerNoContextTakeover bool `json:"server_no_context_takeover"`
	ClientNoContextTakeover bool `json:"client_no_context_takeover"`
	ServerMaxWindowBits     int  `json:"server_max_window_bits"`
	ClientMaxWindowBits     int  `json:"client_max_window_bits"`
}

// Limits are the most that is read of a head.
type Limits struct {
	Head   int `json:"head"`   // bytes, the ends of the lines and the empty line included
	Line   int `json:"line"`   // bytes of one line, without its end
	Fields int `json:"fields"` // field lines
}

// Accepted is how a server agrees: with status 101, over HTTP/2 with 200.
type Accepted struct {
	Key         string `json:"key"`         // the Sec-WebSocket-Accept, which HTTP/2 does not have
	Subprotocol string `json:"subprotocol"` // the Sec-WebSocket-Protocol; none if ""
	Extensions  string `json:"extensions"`  // the Sec-WebSocket-Extensions; none if ""
}

// Refused is how a server refuses.
type Refused struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"` // fields that must be there, with these values among theirs
}

// By whom another answer than that of the case may come.
const (
	ByServer = "server" // any
	ByHTTP   = "http"   // a general HTTP server that reads the head and gives the WebSocket server what it made of it
	ByProxy  = "proxy"  // a proxy before the server, such as nginx or haproxy
)

// Tolerated is another answer to put up with.
type Tolerated struct {
	Status int    `json:"status"` // 101 if the request may be accepted
	By     string `json:"by"`     // [ByServer], [ByHTTP] or [ByProxy]
	Why    string `json:"why"`
}

// Handshakes returns the cases of handshake.json, a new slice each time.
func Handshakes() ([]HandshakeCase, error) { return load[HandshakeCase]("handshake.json") }
