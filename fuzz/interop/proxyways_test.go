package interop

import "strings"

// proxyWays are the requests of which a proxy makes something else, so that
// another status or reason is right. A status of 0 is for those that do not come
// to a verdict. None of them opens a tunnel that the server did not agree to.
var proxyWays = []struct {
	proxy  string // "" for all
	cases  string // how their names begin
	status int
	why    string
}{
	{"", "request line: nothing", 0, "RFC 9112 2.2: it waits for the request behind empty lines"},
	{"nginx", "request line: no version", 0, "it is HTTP/0.9, which is answered without a head"},
	{"nginx", "request line: a space at the end", 101, "it passes the request on without"},
	{"nginx", "HTTP version: two digits behind the dot", 101, "it speaks HTTP/1.1 to the server"},
	{"nginx", "tabs and spaces around the values", 400, "to it a tab is part of the value"},
	{"nginx", "Upgrade: two lines", 426, "it passes on the first line only"},
	{"nginx", "head: a field line of 8192 bytes", 400, "its buffer (large_client_header_buffers) is smaller"},
	{"nginx", "head: a request line of 8192 bytes", 414, "its buffer (large_client_header_buffers) is smaller"},
	{"haproxy", "method: PRI of HTTP 2", 0, "it begins to speak HTTP/2"},
	{"haproxy", "request line: tabs for spaces", 101, "it passes the request on with spaces"},
	{"haproxy", "HTTP version: HTTP ", 101, "it speaks HTTP/1.1 to the server"},
	{"haproxy", "Host: twice", 101, "it passes on one of two that are equal"},
	{"haproxy", "head: Host in a folded line", 400, "it unfolds the line"},
	{"haproxy", "body: ", 426, "it takes Upgrade away from a request with a body"},
	{"haproxy", "body: Transfer-Encoding: gzip, chunked", 422, "it does not know the coding"},
}

// makesOf reports whether what is before the server may bring about that status.
func (d door) makesOf(o opening, status int) bool {
	for _, way := range proxyWays {
		if d.proxy != nil && (way.proxy == "" || way.proxy == d.proxy.name) && way.status == status && strings.HasPrefix(o.Name, way.cases) {
			return true
		}
	}
	return false
}
