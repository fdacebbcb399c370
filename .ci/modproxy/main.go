// Command modproxy turns the checkout into a file-tree module proxy, in which
// every module of the workspace is released at one version. So a consumer can
// be built as it would be after a release, without a release.
//
//	modproxy -to DIR [-version v0.0.0-ci]
//
// Run it in a folder of the workspace. It takes the files that git has or would
// have: committed, changed, and new, but not ignored.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	to := flag.String("to", "", "`folder` of the proxy to make")
	version := flag.String("version", "v0.0.0-ci", "`version` to release every module at")
	flag.Parse()
	if *to == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := release(*to, *version); err != nil {
		fmt.Fprintln(os.Stderr, "modproxy:", err)
		os.Exit(1)
	}
}

// release writes each module of the workspace into the proxy.
func release(to, version string) error {
	modules, err := workspace()
	if err != nil {
		return err
	}
	for _, m := range modules {
		if err := m.release(to, version, modules); err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		fmt.Println(m.Path, version)
	}
	return nil
}
