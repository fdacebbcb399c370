package main

import (
	"strings"
	"testing"
)

func TestArrowsPointDown(t *testing.T) {
	const cpu, compress = "golang.org/x/sys/cpu", "github.com/klauspost/compress/flate"
	standard := []pkg{{ImportPath: "io", Standard: true}, {ImportPath: "net", Standard: true}, {ImportPath: "time", Standard: true}}
	cases := []struct {
		name, module string
		pkg          pkg
		brings       []string // other packages that it stands on
		want         string   // part of the only complaint, or ""
	}{
		{"the standard library", "frame", pkg{Imports: []string{"io"}}, nil, ""},
		{"CPU detection", "frame", pkg{Imports: []string{cpu}}, []string{cpu}, ""},
		{"its own package", "conn", pkg{Imports: []string{prefix + "conn/message"}}, nil, ""},
		{"a compressor in the compressor", "deflate", pkg{Imports: []string{compress}}, []string{compress}, ""},
		{"a compressor elsewhere", "frame", pkg{Imports: []string{compress}}, nil, "not among"},
		{"a stranger on the ground", "handshake", pkg{Imports: []string{prefix + "frame"}}, nil, "not among"},
		{"an arrow up", "conn", pkg{Imports: []string{prefix + "server"}}, nil, "not among"},
		{"an arrow sideways", "server", pkg{Imports: []string{prefix + "client"}}, nil, "not among"},
		{"what an import brings along", "server", pkg{Imports: []string{prefix + "conn"}}, []string{prefix + "conn", prefix + "utf8check", compress}, ""},
		{"what an import must not bring along", "conn", pkg{Imports: []string{prefix + "frame"}}, []string{prefix + "frame", "example.org/x"}, "by way of"},
		{"a name that only begins like ours", "conn", pkg{Imports: []string{prefix + "frames"}}, nil, "not among"},
		{"a test's library in a test", "utf8check", pkg{XTestImports: []string{"pgregory.net/rapid", "testing"}}, nil, ""},
		{"a test's library in code", "utf8check", pkg{Imports: []string{"pgregory.net/rapid"}}, nil, "not among"},
		{"an arrow up in a test", "frame", pkg{TestImports: []string{prefix + "conn"}}, nil, "a test of"},
		{"a clock where nothing waits", "conn/message", pkg{Imports: []string{"time"}}, nil, "must not wait"},
		{"a nested module", "server/cmd/wsserve", pkg{Imports: []string{"example.org/x"}}, []string{"example.org/x"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := prefix + c.module
			c.pkg.ImportPath = path
			if c.module == "conn/message" {
				path = prefix + "conn"
			}
			c.pkg.Module = &module{Path: path}
			list := append([]pkg{c.pkg}, standard...)
			for _, other := range c.brings {
				list = append(list, pkg{ImportPath: other})
			}
			got := check(path, list)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("check complains %q, want one with %q", got, c.want)
			}
		})
	}
}
