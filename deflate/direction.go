package deflate

// Direction is what [Params] say of the messages that one endpoint sends.
type Direction struct {
	// WindowBits is the base-2 logarithm of the window in bytes, 8 to 15
	// (RFC 7692 7.1.2). 0 means 15.
	WindowBits int

	// ContextTakeover says that a message may refer back to bytes of earlier
	// messages (RFC 7692 7.1.1).
	ContextTakeover bool
}
