// Package echo measures echo servers beside each other: how many messages they
// send back in a second, and how much processor time each takes them.
//
// A [Case] is one kind of message on so many connections. [Measure] starts the
// servers in turns, each as a process of its own on a processor of its own, with
// the clients on another. It runs on Linux, and the program that calls it must be
// able to be the server: see internal/child.
package echo
