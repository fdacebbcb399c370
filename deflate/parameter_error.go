package deflate

import "fmt"

// ParameterError says which parameter of an offer or a response breaks RFC
// 7692, or the offer that it answers.
type ParameterError struct {
	Name    string // of the parameter, as received
	Value   string // as received; "" if it has none
	Section string // of the RFC, such as "RFC 7692 7.1.2.1"
	Reason  string // in plain words
}

// Error says it all in one line.
func (e *ParameterError) Error() string {
	// The peer chose name and value: quoted and cut, they can do no harm to a log.
	if e.Value == "" {
		return fmt.Sprintf("websocket: %s: parameter %.64q %s (%s)", Name, e.Name, e.Reason, e.Section)
	}
	return fmt.Sprintf("websocket: %s: parameter %.64q with value %.64q %s (%s)", Name, e.Name, e.Value, e.Reason, e.Section)
}

const notWindowBits = "is no decimal number from 8 to 15 without leading zeros"

func errNoValue(name, section string) error {
	return &ParameterError{name, "", section, "lacks its value"}
}
