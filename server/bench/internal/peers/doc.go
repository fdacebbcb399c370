// Package peers holds echo servers, one for each library and style that is
// measured: a server that sends back every message, as the library's own
// documentation does it where speed matters.
package peers
