// Package load is the clients of a measurement: many connections, one thread. It
// sends frames that were encoded beforehand and counts the bytes of the answers,
// by system calls of its own, so that it costs little beside the server that it
// is to keep busy. It runs on Linux.
package load
