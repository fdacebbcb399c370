package handshake

import (
	"net/http"
	"strings"
)

// origin is a web origin, RFC 6454. Two are the same if they are equal.
type origin struct {
	scheme string // in lower case
	authority
}

// parseOrigin parses the serialisation of an origin, RFC 6454 6.2. It does not
// know "null", nor lists, paths or userinfo.
func parseOrigin(s string) (origin, bool) {
	scheme, rest, found := strings.Cut(s, "://")
	if !found || !isScheme(scheme) {
		return origin{}, false
	}
	a, ok := parseAuthority(rest)
	if !ok {
		return origin{}, false
	}
	return origin{toLower(scheme), a}.withoutDefaultPort(), true
}

// withoutDefaultPort returns o in the form in which equal origins are equal.
func (o origin) withoutDefaultPort() origin {
	if o.port == defaultPort(o.scheme) {
		o.port = ""
	}
	return o
}

// isScheme reports whether s is a scheme, RFC 3986 3.1.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := lower(s[i]); {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// pageOrigin returns the origin of the page that a request comes from, by its
// Origin fields; found is false if it comes from none.
func pageOrigin(values []string) (page origin, found bool, err error) {
	switch len(values) {
	case 0:
		return origin{}, false, nil
	case 1:
	default:
		return origin{}, false, errSeveralOrigins()
	}
	if values[0] == "null" {
		return origin{}, false, forbidden(`origin "null" stands for no page in particular, and is never allowed`)
	}
	page, ok := parseOrigin(values[0])
	if !ok {
		return origin{}, false, forbidden("origin " + quote(values[0]) + " cannot be read")
	}
	return page, true, nil
}

// SameOrigin says whether r comes from a page of the host that it is sent to,
// or from no page: programs other than browsers send no Origin. It is the rule
// that keeps pages of other sites from opening a WebSocket with the cookies of
// their visitors (RFC 6455 10.2).
//
// Origin must equal the request's Host in host and port, whatever the case of
// letters and whether a default port is written, and be https if r.TLS is not
// nil and http otherwise. Behind a proxy that ends TLS, or that rewrites Host,
// they differ, and [Origins] is the way. No other field is believed, such as
// X-Forwarded-Host, which anybody can send.
//
// The error is an [*Error] of status 403 that names the origin and the rule,
// or of status 400 for several Origin fields. It protects the users of
// browsers, and is no authentication: whoever is no browser sends what it
// likes.
func SameOrigin(r *http.Request) error {
	return sameOrigin(r.Header["Origin"], r.Host, r.TLS != nil)
}

// SameOrigin judges as the function [SameOrigin] does; secure says whether the
// request came over TLS.
func (h *Head) SameOrigin(secure bool) error {
	h.collect()
	return sameOrigin(h.lists[fieldOrigin], h.Host(), secure)
}

func sameOrigin(values []string, host string, secure bool) error {
	if len(values) == 0 {
		return nil
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	own, ok := parseAuthority(host)
	if ok && len(values) == 1 && isSpelled(values[0], scheme, host) {
		return nil // as browsers spell it; below is for all other ways
	}
	page, _, err := pageOrigin(values)
	if err != nil {
		return err
	}
	if !ok || (origin{scheme, own}).withoutDefaultPort() != page {
		return forbidden("origin " + quote(values[0]) + " is not the same as " + quote(scheme+"://"+host))
	}
	return nil
}

// isSpelled reports whether s is the scheme, "://" and the host, letter by
// letter.
func isSpelled(s, scheme, host string) bool {
	return len(s) == len(scheme)+len("://")+len(host) &&
		s[:len(scheme)] == scheme && s[len(scheme):len(scheme)+3] == "://" && s[len(scheme)+3:] == host
}

// Origins is a list of origins whose pages may connect. The zero value allows
// none. It is not changed once made, so it may be used from several goroutines
// at once.
type Origins struct{ rules []originRule }

// originRule is one element of the list.
type originRule struct {
	origin        // if wildcard, its host is what must follow the star, dot included
	wildcard bool // any labels before host, at least one
}

func (rule originRule) matches(page origin) bool {
	if !rule.wildcard {
		return rule.origin == page
	}
	before, found := strings.CutSuffix(page.host, rule.host)
	return found && before != "" && rule.scheme == page.scheme && rule.port == page.port
}

// ParseOrigins makes a list of origins. Each is a full origin, such as
// "https://example.com" or "http://localhost:3000", or has a star for one or
// more labels of the host: "https://*.example.com" allows a.example.com and
// a.b.example.com, but neither example.com nor evilexample.com, nor another
// scheme or port. Case does not count, and a default port may be written.
//
// A star alone, a star before an IP address, and "null" are errors: there is
// no way to allow everybody in here. The error is an [*ArgumentError].
func ParseOrigins(list []string) (Origins, error) {
	var o Origins
	for _, s := range list {
		rule, ok := parseOriginRule(s)
		if !ok {
			return Origins{}, &ArgumentError{"origin " + quote(s), "not of the form scheme://host, scheme://host:port or scheme://*.host"}
		}
		o.rules = append(o.rules, rule)
	}
	return o, nil
}

func parseOriginRule(s string) (originRule, bool) {
	scheme, host, _ := strings.Cut(s, "://")
	host, wildcard := strings.CutPrefix(host, "*.")
	if !wildcard {
		o, ok := parseOrigin(s)
		return originRule{origin: o}, ok
	}
	o, ok := parseOrigin(scheme + "://" + host)
	if !ok || endsInNumber(o.host) {
		return originRule{}, false
	}
	o.host = "." + o.host
	return originRule{o, true}, true
}

// endsInNumber reports whether the last label of host is digits or an IPv6
// address, so that host is one, or the end of one.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Trim(last, "0123456789") == "" || host[0] == '['
}

// Check says whether r comes from a page that is on the list, or from no page.
// Pages of the request's own host must be on the list as well; a server that
// wants them anyway tries [SameOrigin] first. The error is as SameOrigin's.
func (o Origins) Check(r *http.Request) error { return o.check(r.Header["Origin"]) }

// CheckHead judges as [Origins.Check] does.
func (o Origins) CheckHead(h *Head) error {
	h.collect()
	return o.check(h.lists[fieldOrigin])
}

func (o Origins) check(values []string) error {
	page, found, err := pageOrigin(values)
	if err != nil || !found {
		return err
	}
	for _, rule := range o.rules {
		if rule.matches(page) {
			return nil
		}
	}
	return forbidden("origin " + quote(values[0]) + " is not on the list of allowed origins")
}

func forbidden(reason string) *Error {
	return &Error{Status: http.StatusForbidden, Reason: reason, Section: "RFC 6455 10.2"}
}

// errSeveralOrigins refuses what no browser sends, and two readers may read in
// two ways.
func errSeveralOrigins() *Error {
	return badRequest("RFC 6454 7.3", "several Origin fields")
}
