// Package testdata holds what is lawful on a WebSocket connection and what is
// not, as tables that any implementation can be held to: [Frames], the payloads
// of close frames in [Closes], [UTF8], and the opening handshake in
// [Handshakes], for servers, and [Responses], for clients. Each case names the
// section of the RFC that decides it.
//
// The tables are JSON files, embedded in [FS], and README.md describes them for
// programs in other languages. The package imports the standard library only.
package testdata

import "embed"

// FS holds the tables: frames.json, close.json, utf8.json, handshake.json and
// responses.json. It is read-only and safe for concurrent use.
//
//go:embed *.json
var FS embed.FS
