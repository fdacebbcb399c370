package deflate

import "github.com/parleyws/parley/deflate"

// ourWay is this project's, with its default level.
func ourWay(bits int) Way {
	return Way{"ours", bits, func(takeover bool) (Endpoint, error) {
		e := &ourEndpoint{direction: deflate.Direction{WindowBits: bits, ContextTakeover: takeover}}
		_, err := deflate.NewCompressor(e.direction, 0)
		return e, err
	}}
}

type ourEndpoint struct {
	direction deflate.Direction
	out       []byte
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
	out, ok := c.c.Append(c.out[:0], message)
	if !ok {
		return message, false
	}
	c.out = out
	return out, true
}

type ourDecompressor struct {
	*ourEndpoint
	d *deflate.Decompressor
}

func (d *ourDecompressor) Decompress(wire []byte) ([]byte, error) {
	out, err := d.d.Append(d.out[:0], wire, limit)
	if err == nil {
		d.out = out
	}
	return out, err
}

// limit is what a message may have in bytes, for those that ask. No message has
// as many.
const limit = 1 << 20
