package deflate

import "errors"

// boundedBuffer collects what is written to it, up to max bytes.
type boundedBuffer struct {
	bytes []byte
	max   int
}

// errNoGain stops a compression that has grown as large as its message.
var errNoGain = errors.New("websocket: compressed message is not smaller")

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if len(b.bytes)+len(p) > b.max {
		return 0, errNoGain
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}
