package kernels

import (
	_ "unsafe" // for linkname

	_ "github.com/coder/websocket"
	_ "github.com/gorilla/websocket"
	_ "github.com/lxzan/gws"

	_ "github.com/parleyws/parley/utf8check"
)

// The functions without a body are why there is an assembly file in this
// package: without one the compiler would ask for the bodies.

// coderMask masks b and returns key turned to where b ends. The first byte of the
// key is the lowest of key.
//
//go:noescape
//go:linkname coderMask github.com/coder/websocket.maskGo
func coderMask(b []byte, key uint32) uint32

// gorillaMask masks b, which stands pos bytes into the payload, and returns the
// pos, modulo 4, of what follows.
//
//go:noescape
//go:linkname gorillaMask github.com/gorilla/websocket.maskBytes
func gorillaMask(key [4]byte, pos int, b []byte) int

// gwsMask masks b with the four bytes of key.
//
//go:noescape
//go:linkname gwsMask github.com/lxzan/gws/internal.MaskXOR
func gwsMask(b []byte, key []byte)

// validFallback is our validator for processors without vector instructions that
// we know of.
//
//go:noescape
//go:linkname validFallback github.com/parleyws/parley/utf8check.validGeneric
func validFallback(p []byte) bool
