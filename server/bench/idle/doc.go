// Package idle measures what a server keeps for connections on which nothing
// happens: its share of the machine's memory, before they come and while they are
// there, after each has exchanged a message and all garbage is gone. What the kernel
// keeps for a socket is not in it. It runs on Linux; see package echo.
package idle
