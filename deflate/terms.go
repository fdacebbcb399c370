package deflate

import "iter"

// Terms are what a server makes of offers. Its zero value agrees to whatever a
// client offers, and asks for nothing.
type Terms struct {
	// Params are what the server would like. An offer that says nothing else is
	// answered with them; one that limits the server more is met, and the
	// client's window is limited only if the offer allows it.
	Params

	// NeedServerContext declines offers that name server_no_context_takeover
	// (RFC 7692 7.1.1.1), rather than let the server compress without context.
	NeedServerContext bool

	// NeedServerWindow declines offers of a server_max_window_bits below
	// ServerMaxWindowBits (RFC 7692 7.1.2.1), rather than use a smaller window;
	// 0 counts as 15.
	NeedServerWindow bool

	// NeedClientWindow declines offers that do not name client_max_window_bits,
	// if ClientMaxWindowBits is to be below 15 (RFC 7692 7.1.2.2), rather than
	// keep a window of 32 KiB for what the client sends.
	NeedClientWindow bool
}

// Answer goes through the offers of permessage-deflate in the order in which
// the client prefers them (RFC 7692 5), each the parameters of one, name and
// value, as for [ParseOffer]. It returns what the response to the first that
// can be met names. An offer is passed over if it is malformed (RFC 7692 7) or
// not on the server's terms. If none is left, ok is false: the connection goes
// on without the extension.
func (t Terms) Answer(offers iter.Seq[iter.Seq2[string, string]]) (agreed Params, ok bool) {
	for params := range offers {
		o, err := ParseOffer(params)
		if err != nil {
			continue
		}
		if agreed, ok := t.Accept(o); ok {
			return agreed, true
		}
	}
	return Params{}, false
}

// Accept answers one offer, as [Offer.Accept] does, and reports false if it is
// not on the server's terms.
func (t Terms) Accept(o Offer) (agreed Params, ok bool) {
	agreed, ok = o.Accept(t.Params)
	switch {
	case !ok,
		t.NeedServerContext && o.ServerNoContextTakeover,
		t.NeedServerWindow && windowOrLargest(o.ServerMaxWindowBits) < windowOrLargest(t.ServerMaxWindowBits),
		t.NeedClientWindow && windowOrLargest(agreed.ClientMaxWindowBits) > windowOrLargest(t.ClientMaxWindowBits):
		return Params{}, false
	}
	return agreed, true
}
