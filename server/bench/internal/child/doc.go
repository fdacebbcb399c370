// Package child runs each server that is measured as a process of its own, of the
// same program, on a processor of its own. It runs on Linux.
package child
