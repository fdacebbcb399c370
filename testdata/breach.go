package testdata

// Breach is how an endpoint must judge what breaks the protocol.
type Breach struct {
	Code    int    `json:"code"`    // to close with, RFC 6455 section 7.4
	Section string `json:"section"` // that is broken, such as "RFC 6455 5.5"
}
