package message

import (
	"fmt"

	"github.com/parleyws/parley/frame"
)

// Defaults of the limits of a [Decoder].
const (
	DefaultMaxMessage = 1 << 20 // bytes
	DefaultMaxFrames  = 16384
)

const (
	// maxEmptyFrames is how many frames without payload may follow one
	// another inside a message. A sender that streams needs one at most.
	maxEmptyFrames = 64

	// wireSlack is how much longer than the largest message its compressed
	// form may be: incompressible data grows a little, but a stream of empty
	// blocks would grow for ever and make no output.
	wireSlack = 64 << 10
)

// LimitError says that the peer went over a limit of this endpoint. The
// connection must fail with Code.
type LimitError struct {
	Code   frame.CloseCode // MessageTooBig or PolicyViolation
	Option string          // the option that sets the limit, such as "MaxMessage"
	Limit  int64           // its value; bytes, frames or messages, as the option says
	What   string          // what was over it
}

// Error names the limit, its value and the option.
func (e *LimitError) Error() string {
	return fmt.Sprintf("websocket: %s over the limit of %d (option %s)", e.What, e.Limit, e.Option)
}

// limit gives the meaning of an option: 0 is the default, negative is none.
func limit(option, byDefault int64) (max int64, limited bool) {
	switch {
	case option < 0:
		return 0, false
	case option == 0:
		return byDefault, true
	}
	return option, true
}
