// Package conntest is a network in memory.
package conntest
