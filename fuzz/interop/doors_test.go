package interop

import (
	"net/http"
	"slices"
	"testing"

	"github.com/parleyws/parley/testdata"
)

// door is a way to a server over HTTP/1.1.
type door struct {
	name   string
	serve  engine
	proxy  *software          // nil if there is none
	itself map[string]verdict // what the server says without the proxy
}

// Names of doors; those of proxies are theirs.
const (
	direct    = "net/http"
	raw       = "raw"    // server.Server.AcceptConn
	overHTTP2 = "HTTP 2" // RFC 8441
)

// A request that one door refuses is refused by all of them, for the same
// reason, and what stands behind it is never taken for a tunnel's. With -v it
// prints a table of the refusals.
func TestEveryDoorGivesTheSameVerdictS1S2S3S8(t *testing.T) {
	list, servers, err := openings()
	if err != nil {
		t.Fatal(err)
	}
	said := make(verdicts)
	for _, d := range []door{
		{name: direct, serve: withServe},
		{name: raw, serve: withAcceptConn},
	} {
		t.Run(d.name, func(t *testing.T) { said[d.name] = d.knockAll(t, list, servers) })
	}
	if t.Failed() {
		return // there is nothing to compare the others with
	}
	for _, o := range list {
		wantSameReason(t, o, said[direct][o.Name], said[raw][o.Name])
	}
	t.Run(overHTTP2, func(t *testing.T) {
		said[overHTTP2] = knockAllHTTP2(t, list, startHTTP2Doors(t).Parts)
	})
	for _, o := range list {
		wantSameReason(t, o, said[overHTTP2][o.Name], said[raw][o.Name])
	}
	for _, p := range proxies {
		for _, d := range []door{
			{p.name, withServe, &p, said[direct]},
			{p.name + " before " + raw, withAcceptConn, &p, said[raw]},
		} {
			t.Run(d.name, func(t *testing.T) { said[d.name] = d.knockAll(t, list, servers) })
		}
	}
	t.Log(said.table(list))
}

// judge holds a verdict to the case, and to what the server itself said if it
// came through a proxy.
func (d door) judge(t *testing.T, o opening, got verdict) {
	t.Helper()
	itself, behind := d.itself[o.Name]
	by := []string{testdata.ByServer}
	switch {
	case behind:
		by = append(by, testdata.ByHTTP, testdata.ByProxy)
	case d.name == direct:
		by = append(by, testdata.ByHTTP)
	}
	if got.status != o.status() && got.status != itself.status && !o.tolerates(got.status, by...) && !d.makesOf(o, got.status) {
		t.Errorf("%v, want %d (%s); the server itself: %v\n%q", got, o.status(), o.Section, itself, o.request)
	}
	if got.own {
		return
	}
	if o.Refuse != nil && got.status == o.Refuse.Status {
		for name, value := range o.Refuse.Header {
			if !slices.Contains(got.header.Values(name), value) {
				t.Errorf("%s: %q, want %q in it", name, got.header.Values(name), value)
			}
		}
	}
	if !d.makesOf(o, got.status) {
		wantSameReason(t, o, got, itself)
	}
}

// wantSameReason checks that two doors refuse for the same reason, if it is one
// of ours: net/http, which may refuse before us, has its own.
func wantSameReason(t *testing.T, o opening, a, b verdict) {
	t.Helper()
	if a.status != b.status || !a.ours() || !b.ours() || o.method() == http.MethodHead {
		return
	}
	if a.reason != b.reason {
		t.Errorf("%s: %q here, %q there", o.Name, a.reason, b.reason)
	}
}
