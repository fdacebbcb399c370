package message

// Midway reports whether a message or a frame has begun and has not come to
// its end: whether the peer owes some bytes.
func (d *Decoder) Midway() bool {
	return d.headLen > 0 || d.inFrame || d.checker.InMessage()
}
