package handshake

// fieldKind says which of the fields that the judgement looks at a line is.
type fieldKind uint8

const (
	fieldOther fieldKind = iota
	fieldConnection
	fieldContentLength
	fieldExtensions
	fieldHost
	fieldKey
	fieldOrigin
	fieldProtocol
	fieldTransferEncoding
	fieldUpgrade
	fieldVersion
	fieldKinds
)

// kindOf returns the kind of a field by its name. The length leaves one or two
// candidates.
func kindOf(name string) fieldKind {
	switch len(name) {
	case len("Host"):
		return fieldIf(name, "Host", fieldHost)
	case len("Origin"):
		return fieldIf(name, "Origin", fieldOrigin)
	case len("Upgrade"):
		return fieldIf(name, "Upgrade", fieldUpgrade)
	case len("Connection"):
		return fieldIf(name, "Connection", fieldConnection)
	case len("Content-Length"):
		return fieldIf(name, "Content-Length", fieldContentLength)
	case len("Sec-WebSocket-Key"): // and of Transfer-Encoding
		if lower(name[0]) == 't' {
			return fieldIf(name, "Transfer-Encoding", fieldTransferEncoding)
		}
		return fieldIf(name, "Sec-WebSocket-Key", fieldKey)
	case len("Sec-WebSocket-Version"):
		return fieldIf(name, "Sec-WebSocket-Version", fieldVersion)
	case len("Sec-WebSocket-Protocol"):
		return fieldIf(name, "Sec-WebSocket-Protocol", fieldProtocol)
	case len("Sec-WebSocket-Extensions"):
		return fieldIf(name, "Sec-WebSocket-Extensions", fieldExtensions)
	}
	return fieldOther
}

// fieldIf returns kind if name is known, whatever the case of its letters.
func fieldIf(name, known string, kind fieldKind) fieldKind {
	if equalFold(name, known) {
		return kind
	}
	return fieldOther
}
