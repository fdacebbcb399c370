// Package utf8check says whether text is UTF-8, given whole ([Valid],
// [ValidString]) or in pieces ([Validator]).
//
// A [Validator] fails at the first byte that nothing can mend, wherever the
// text is cut, so that a WebSocket endpoint can fail a connection at the
// offending fragment (RFC 6455 section 8.1) instead of at the end of the
// message. UTF-8 is that of RFC 3629: no surrogates, nothing above U+10FFFF,
// no encoding longer than need be.
//
// The package imports the standard library and, to choose its assembly,
// golang.org/x/sys/cpu; the build tag purego leaves the assembly out.
package utf8check
