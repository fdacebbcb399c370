package testdata

// CloseCase is the payload of a close frame, unmasked, and what to make of it,
// RFC 6455 section 5.5.1.
type CloseCase struct {
	Name    string  `json:"name"`    // unique in its table
	Section string  `json:"section"` // that decides the case, such as "RFC 6455 7.4.2"
	Payload Hex     `json:"payload"` // at most 125 bytes
	Code    int     `json:"code"`    // 1005 if there is none, 0 if Error
	Reason  string  `json:"reason"`
	Error   *Breach `json:"error"` // or nil, if the payload is lawful
}

// Closes returns the cases of close.json, a new slice each time.
func Closes() ([]CloseCase, error) { return load[CloseCase]("close.json") }
