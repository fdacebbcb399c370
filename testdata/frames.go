package testdata

// The endpoints that may have sent the bytes of a [FrameCase].
const (
	FromClient = "client"
	FromServer = "server"
)

// FrameCase is bytes that one endpoint sent from the beginning of a connection,
// and what the other must make of them, RFC 6455 section 5.
type FrameCase struct {
	Name       string `json:"name"`       // unique in its table
	Section    string `json:"section"`    // that decides the case, such as "RFC 6455 5.5"
	From       string `json:"from"`       // [FromClient] or [FromServer]
	Extensions []int  `json:"extensions"` // reserved bits that one uses on a message's first frame

	// Bytes and then Zeros zero bytes were sent.
	Bytes Hex `json:"bytes"`
	Zeros int `json:"zeros"`

	// Accept holds the frames to accept, in order. If Unfinished, the bytes
	// end inside a frame: the last one of Accept lacks some of its payload,
	// or, if that is whole, the next header is not. Otherwise Error comes
	// next, or nothing.
	Accept     []Frame `json:"accept"`
	Unfinished bool    `json:"unfinished"`
	Error      *Breach `json:"error"`
}

// Wire returns the bytes that were sent: c.Bytes and then c.Zeros zero bytes.
// The slice is the caller's.
func (c FrameCase) Wire() []byte { return c.Bytes.withZeros(c.Zeros) }

// Frame is a frame that must be accepted, RFC 6455 section 5.2.
type Frame struct {
	Fin    bool  `json:"fin"`
	RSV    []int `json:"rsv"` // numbers of the reserved bits that are set: 1, 2, 3
	Opcode int   `json:"opcode"`
	Key    Hex   `json:"key"`    // four bytes, or none if the frame is not masked
	Length int64 `json:"length"` // that the header declares, in bytes

	// Payload and then Zeros zero bytes are the payload, unmasked, as far
	// as it has come.
	Payload Hex `json:"payload"`
	Zeros   int `json:"zeros"`
}

// Arrived returns the payload, unmasked, as far as it has come: f.Payload and
// then f.Zeros zero bytes. The slice is the caller's.
func (f Frame) Arrived() []byte { return f.Payload.withZeros(f.Zeros) }

// Frames returns the cases of frames.json, a new slice each time.
func Frames() ([]FrameCase, error) { return load[FrameCase]("frames.json") }
