package frame

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// CloseCode says why an endpoint closes, RFC 6455 section 7.4.
type CloseCode uint16

// The codes of the IANA WebSocket Close Code Number registry.
const (
	NormalClosure           CloseCode = 1000
	GoingAway               CloseCode = 1001
	ProtocolError           CloseCode = 1002
	UnsupportedData         CloseCode = 1003
	NoStatusReceived        CloseCode = 1005 // never on the wire
	AbnormalClosure         CloseCode = 1006 // never on the wire
	InvalidFramePayloadData CloseCode = 1007
	PolicyViolation         CloseCode = 1008
	MessageTooBig           CloseCode = 1009
	MandatoryExtension      CloseCode = 1010
	InternalError           CloseCode = 1011
	ServiceRestart          CloseCode = 1012
	TryAgainLater           CloseCode = 1013
	BadGateway              CloseCode = 1014
	TLSHandshake            CloseCode = 1015 // never on the wire
)

// MaxReason is the most bytes of reason that a close frame has room for.
const MaxReason = MaxControlPayload - 2

// OnWire reports whether a close frame may carry c, RFC 6455 section 7.4.2:
// the registered codes but for those that only report what happened, and the
// ranges for libraries and applications, 3000 to 4999.
func (c CloseCode) OnWire() bool {
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
}

// String returns the number and the registry's name, such as "1001 going away".
func (c CloseCode) String() string {
	s := strconv.Itoa(int(c))
	if name := c.name(); name != "" {
		s += " " + name
	}
	return s
}

func (c CloseCode) name() string {
	switch c {
	case NormalClosure:
		return "normal closure"
	case GoingAway:
		return "going away"
	case ProtocolError:
		return "protocol error"
	case UnsupportedData:
		return "unsupported data"
	case NoStatusReceived:
		return "no status received"
	case AbnormalClosure:
		return "abnormal closure"
	case InvalidFramePayloadData:
		return "invalid frame payload data"
	case PolicyViolation:
		return "policy violation"
	case MessageTooBig:
		return "message too big"
	case MandatoryExtension:
		return "mandatory extension"
	case InternalError:
		return "internal error"
	case ServiceRestart:
		return "service restart"
	case TryAgainLater:
		return "try again later"
	case BadGateway:
		return "bad gateway"
	case TLSHandshake:
		return "TLS handshake"
	}
	return ""
}

// AppendClose appends the payload of a close frame to dst, RFC 6455 section
// 5.5.1, and returns the extended slice. It appends nothing for
// [NoStatusReceived], and cuts a reason longer than [MaxReason] bytes at a rune
// boundary. Otherwise it writes what it is given.
func AppendClose(dst []byte, code CloseCode, reason string) []byte {
	if code == NoStatusReceived {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, cutReason(reason)...)
}

func cutReason(reason string) string {
	if len(reason) <= MaxReason {
		return reason
	}
	n := MaxReason
	for n > MaxReason-utf8.UTFMax && !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

// ParseClose parses the payload of a close frame, unmasked, RFC 6455 section
// 5.5.1. An empty payload has the code [NoStatusReceived]. The error is an
// [*Error]: [ProtocolError] for a payload of one byte or a code that may not
// stand on the wire, [InvalidFramePayloadData] for a reason that is not UTF-8.
// payload is not kept: reason is a copy.
func ParseClose(payload []byte) (code CloseCode, reason string, err error) {
	switch len(payload) {
	case 0:
		return NoStatusReceived, "", nil
	case 1:
		return 0, "", errCloseShort
	}
	code = CloseCode(binary.BigEndian.Uint16(payload))
	if !code.OnWire() {
		return 0, "", errCloseCode
	}
	if !utf8.Valid(payload[2:]) {
		return 0, "", errCloseReason
	}
	return code, string(payload[2:]), nil
}
