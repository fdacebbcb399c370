package testdata

// The stages at which a client refuses an answer.
const (
	StageHead      = "head"      // it is no HTTP response, or one beyond the limits
	StageHandshake = "handshake" // it is not the answer to the request, RFC 6455 section 4.1
	StageExtension = "extension" // the parameters of an extension are not what was offered, RFC 7692 section 7
)

// ResponseCase is all that a server sent in answer to the opening handshake
// and before its end of the stream, and what a client must make of it, RFC 6455
// section 4.1.
type ResponseCase struct {
	Name    string   `json:"name"`    // unique in its table
	IDs     []string `json:"ids"`     // of the requirements that the case is for; README.md says where they come from
	Section string   `json:"section"` // that decides the case, such as "RFC 6455 4.1"

	Request  Asked  `json:"request"`  // what the client had asked for
	Response Latin1 `json:"response"` // with places for Fill
	Fill     []Fill `json:"fill"`

	// Accept or Refuse is the verdict, and the other one nil.
	Accept *Agreed `json:"accept"`
	Refuse *Failed `json:"refuse"`

	// Either says why the other verdict can be put up with; "" if it cannot.
	Either string `json:"either"`
}

// Wire returns the bytes of c.Response. The slice is the caller's.
func (c ResponseCase) Wire() []byte {
	b, _ := c.Response.wire(c.Fill)
	return b
}

// Rest returns the first bytes of the server's frames, which came right
// behind the response of an accepted case. The slice is the caller's.
func (c ResponseCase) Rest() []byte {
	if c.Accept == nil {
		return nil
	}
	last := len(c.Fill) - c.Accept.Rest.places()
	b, _ := c.Accept.Rest.wire(c.Fill[last:])
	return b
}

// Asked is what a client asks for.
type Asked struct {
	Key          string   `json:"key"` // the Sec-WebSocket-Key
	Subprotocols []string `json:"subprotocols"`
	Extensions   string   `json:"extensions"` // the Sec-WebSocket-Extensions; none if ""
}

// Agreed is what client and server then agree on.
type Agreed struct {
	Subprotocol string `json:"subprotocol"`
	Extensions  string `json:"extensions"`
	Rest        Latin1 `json:"rest"` // the end of the response's bytes, behind its head
}

// Failed is an answer that a client must refuse.
type Failed struct {
	Stage  string `json:"stage"`  // [StageHead], [StageHandshake] or [StageExtension]
	Status int    `json:"status"` // of the last response that could be read; 0 if none
	Body   string `json:"body"`   // its first KiB, which may tell people why
}

// Responses returns the cases of responses.json, a new slice each time.
func Responses() ([]ResponseCase, error) { return load[ResponseCase]("responses.json") }
