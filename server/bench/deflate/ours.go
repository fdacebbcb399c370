package deflate

import "github.com/parleyws/parley/deflate"

// ourWay is this project's, with its default level.
func ourWay(bits int) Way {
	return Way{"ours", bits, func(takeover bool, s *Scratch) (Endpoint, error) {
		e := &ourEndpoint{s, deflate.Direction{WindowBits: bits, ContextTakeover: takeover}}
		_, err := deflate.NewCompressor(e.direction, 0)
		return e, err
	}, 1}
}

type ourEndpoint struct {
	*Scratch
	direction deflate.Direction
}

func (e *ourEndpoint) Compressor() Compressor {
	c, err := deflate.NewCompressor(e.direction, 0)
	if err != nil {
		panic(err) // it has been made before
	}
	return &ourCompressor{e, c}
}

func (e *ourEndpoint) Decompressor() Decompressor {
	return &ourDecompressor{e, deflate.NewDecompressor(e.direction)}
}

type ourCompressor struct {
	*ourEndpoint
	c *deflate.Compressor
}

func (c *ourCompressor) Compress(message []byte) ([]byte, bool) {
	c.wire.Reset()
	out, ok := c.c.Append(c.wire.AvailableBuffer(), message)
	if !ok {
		return message, false
	}
	return out, true
}

type ourDecompressor struct {
	*ourEndpoint
	d *deflate.Decompressor
}

func (d *ourDecompressor) Decompress(wire []byte) ([]byte, error) {
	return d.d.Append(d.message[:0], wire, limit)
}

// limit is what a message may have in bytes, for those that ask. No message has
// as many.
const limit = 1 << 20
