package deflate

import "iter"

// Offer is one of the alternatives that a client asks for (RFC 7692 5.1).
type Offer struct {
	// Params are the parameters that the offer names.
	// ClientNoContextTakeover is only a hint; the others bind the server.
	Params

	// ClientWindow says that the offer names client_max_window_bits, with or
	// without a value, so that the server may answer with it
	// (RFC 7692 7.1.2.2). It goes without saying if ClientMaxWindowBits is not 0.
	ClientWindow bool
}

// All yields the parameters as they go on the wire, name and value; a
// parameter without a value has "".
func (o Offer) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_ = (!o.ServerNoContextTakeover || yield(serverNoContextTakeover, "")) &&
			(!o.ClientNoContextTakeover || yield(clientNoContextTakeover, "")) &&
			(!named(o.ServerMaxWindowBits) || yield(serverMaxWindowBits, formatBits(o.ServerMaxWindowBits))) &&
			(!o.clientWindow() || yield(clientMaxWindowBits, formatBits(o.ClientMaxWindowBits)))
	}
}

// clientWindow reports whether the offer names client_max_window_bits.
func (o Offer) clientWindow() bool {
	return o.ClientWindow || named(o.ClientMaxWindowBits)
}

// Accept answers the offer for a server that would like want; agreed is what
// its response names. A window is the smaller of what is offered and wanted,
// and a context is taken over only if neither side minds. The client's window
// cannot be limited if the offer does not name client_max_window_bits: the
// offer is then accepted without (RFC 7692 7.1.2.2).
//
// Accept reports false if the server must decline, which for an offer of
// [ParseOffer] it need not: window bits in o or in want are out of range.
func (o Offer) Accept(want Params) (agreed Params, ok bool) {
	for _, bits := range []int{
		o.ServerMaxWindowBits, o.ClientMaxWindowBits,
		want.ServerMaxWindowBits, want.ClientMaxWindowBits,
	} {
		if !validOrUnnamed(bits) {
			return Params{}, false
		}
	}
	agreed = Params{
		ServerNoContextTakeover: o.ServerNoContextTakeover || want.ServerNoContextTakeover,
		ClientNoContextTakeover: o.ClientNoContextTakeover || want.ClientNoContextTakeover,
		ServerMaxWindowBits:     smallerWindow(o.ServerMaxWindowBits, want.ServerMaxWindowBits),
	}
	if o.clientWindow() {
		agreed.ClientMaxWindowBits = smallerWindow(o.ClientMaxWindowBits, want.ClientMaxWindowBits)
	}
	return agreed, true
}

// smallerWindow returns the smaller window that is named, or 0.
func smallerWindow(a, b int) int {
	if !named(a) && !named(b) {
		return 0
	}
	return min(windowOrLargest(a), windowOrLargest(b))
}

// Verify reports, as a [*ParameterError], how the parameters of a server's
// response break the offer that it answers. The client must then fail the
// connection (RFC 7692 5.1).
func (o Offer) Verify(agreed Params) error {
	if o.ServerNoContextTakeover && !agreed.ServerNoContextTakeover {
		return &ParameterError{serverNoContextTakeover, "", "RFC 7692 7.1.1.1", "was asked for, but not agreed to"}
	}
	if err := o.verifyServerWindow(agreed.ServerMaxWindowBits); err != nil {
		return err
	}
	return o.verifyClientWindow(agreed.ClientMaxWindowBits)
}

func (o Offer) verifyServerWindow(bits int) error {
	reason := ""
	switch {
	case !validOrUnnamed(bits):
		reason = notWindowBits
	case named(o.ServerMaxWindowBits) && !named(bits):
		reason = "was asked for, but not agreed to"
	case windowOrLargest(bits) > windowOrLargest(o.ServerMaxWindowBits):
		reason = "is larger than asked for"
	default:
		return nil
	}
	return &ParameterError{serverMaxWindowBits, formatBits(bits), "RFC 7692 7.1.2.1", reason}
}

func (o Offer) verifyClientWindow(bits int) error {
	reason := ""
	switch {
	case !named(bits): // the client may use any window, its own choice among them
		return nil
	case !o.clientWindow():
		reason = "was not offered"
	case !validOrUnnamed(bits):
		reason = notWindowBits
	case bits > windowOrLargest(o.ClientMaxWindowBits):
		reason = "is larger than offered"
	default:
		return nil
	}
	return &ParameterError{clientMaxWindowBits, formatBits(bits), "RFC 7692 7.1.2.2", reason}
}
