package frame

// Checker holds one direction of a connection to RFC 6455 section 5: who
// masks, which bits and opcodes are free to use, and the order of fragments.
// The zero value judges frames that a server sent. It is not safe for
// concurrent use.
type Checker struct {
	FromClient bool // a client sent the frames, so they must be masked
	Extensions RSV  // bits that an extension may set on a message's first frame

	inMessage bool // a fragmented message is unfinished
}

// InMessage reports whether a message has begun in fragments and its last one has
// not come, RFC 6455 section 5.4.
func (c *Checker) InMessage() bool { return c.inMessage }

// Check judges the next header. The error is an [*Error]; after one the
// connection must fail, RFC 6455 section 7.1.7, and c serves no more.
func (c *Checker) Check(h Header) error {
	return h.Check(c)
}

// Check has c judge h, as [Checker.Check] does. h is only read; c, which
// remembers whether a message is unfinished, is not.
func (h *Header) Check(c *Checker) error {
	if h.Opcode.IsReserved() {
		return errReservedOpcode
	}
	if h.Masked != c.FromClient {
		if c.FromClient {
			return errNotMasked
		}
		return errMasked
	}
	if h.Opcode.IsControl() {
		return checkControl(h)
	}
	return c.checkData(h)
}

func checkControl(h *Header) error {
	switch {
	case h.RSV != 0:
		return errRSV
	case !h.Fin:
		return errControlFragmented
	case h.Length > MaxControlPayload:
		return errControlTooLong
	}
	return nil
}

func (c *Checker) checkData(h *Header) error {
	allowed := c.Extensions
	if h.Opcode == Continuation {
		if !c.inMessage {
			return errNothingToContinue
		}
		allowed = 0 // RFC 7692 section 6.1: the first frame speaks for all
	} else if c.inMessage {
		return errMessageUnfinished
	}
	if h.RSV&^allowed != 0 {
		return errRSV
	}
	c.inMessage = !h.Fin
	return nil
}
