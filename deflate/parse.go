package deflate

import (
	"iter"
	"slices"
)

// ParseOffer parses the parameters of one offer, name and value; an absent
// value is "". params may be nil.
//
// A parameter that is unknown, repeated or malformed is a [*ParameterError]:
// the server must decline this offer, and may accept the next one (RFC 7692 7).
func ParseOffer(params iter.Seq2[string, string]) (Offer, error) {
	var p parameters
	if err := p.parse(params); err != nil {
		return Offer{}, err
	}
	if p.seen(serverMaxWindowBits) && !named(p.ServerMaxWindowBits) {
		return Offer{}, errNoValue(serverMaxWindowBits, "RFC 7692 7.1.2.1")
	}
	return Offer{Params: p.Params, ClientWindow: p.seen(clientMaxWindowBits)}, nil
}

// ParseResponse parses the parameters of a server's response, name and value;
// an absent value is "". params may be nil.
//
// A parameter that is unknown, repeated or malformed is a [*ParameterError]:
// the client must fail the connection (RFC 7692 7).
func ParseResponse(params iter.Seq2[string, string]) (Params, error) {
	var p parameters
	if err := p.parse(params); err != nil {
		return Params{}, err
	}
	if p.seen(serverMaxWindowBits) && !named(p.ServerMaxWindowBits) {
		return Params{}, errNoValue(serverMaxWindowBits, "RFC 7692 7.1.2.1")
	}
	if p.seen(clientMaxWindowBits) && !named(p.ClientMaxWindowBits) {
		return Params{}, errNoValue(clientMaxWindowBits, "RFC 7692 7.1.2.2")
	}
	return p.Params, nil
}

// parameters are what offers and responses have in common.
type parameters struct {
	Params
	names [4]string // of those that have come
	n     int
}

func (p *parameters) seen(name string) bool {
	return slices.Contains(p.names[:p.n], name)
}

func (p *parameters) parse(params iter.Seq2[string, string]) error {
	if params == nil {
		return nil
	}
	for name, value := range params {
		if p.seen(name) {
			return &ParameterError{name, value, "RFC 7692 7", "is repeated"}
		}
		if err := p.set(name, value); err != nil {
			return err
		}
		p.names[p.n] = name
		p.n++
	}
	return nil
}

func (p *parameters) set(name, value string) error {
	switch name {
	case serverNoContextTakeover:
		p.ServerNoContextTakeover = true
		return checkNoValue(name, value, "RFC 7692 7.1.1.1")
	case clientNoContextTakeover:
		p.ClientNoContextTakeover = true
		return checkNoValue(name, value, "RFC 7692 7.1.1.2")
	case serverMaxWindowBits:
		return setBits(&p.ServerMaxWindowBits, name, value, "RFC 7692 7.1.2.1")
	case clientMaxWindowBits:
		return setBits(&p.ClientMaxWindowBits, name, value, "RFC 7692 7.1.2.2")
	}
	return &ParameterError{name, value, "RFC 7692 7", "is unknown"}
}

func checkNoValue(name, value, section string) error {
	if value != "" {
		return &ParameterError{name, value, section, "takes no value"}
	}
	return nil
}

// setBits parses a window parameter; where it may go without a value is for
// the caller to say.
func setBits(bits *int, name, value, section string) error {
	switch {
	case value == "":
	case len(value) == 1 && '8' <= value[0] && value[0] <= '9':
		*bits = int(value[0] - '0')
	case len(value) == 2 && value[0] == '1' && '0' <= value[1] && value[1] <= '5':
		*bits = 10 + int(value[1]-'0')
	default:
		return &ParameterError{name, value, section, notWindowBits}
	}
	return nil
}
