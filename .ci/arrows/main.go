// Command arrows checks that the imports of Parley's modules point the way
// that its design allows. Run it in a folder of the workspace; it prints every
// import that is not allowed, and ends with status 1 if there is one.
package main

import (
	"fmt"
	"os"
)

func main() {
	modules, err := workspace()
	if err != nil {
		fmt.Fprintln(os.Stderr, "arrows:", err)
		os.Exit(2)
	}
	bad, packages := 0, 0
	for _, module := range modules {
		list, err := load(module)
		if err != nil {
			fmt.Fprintln(os.Stderr, "arrows:", err)
			os.Exit(2)
		}
		packages += len(list)
		for _, complaint := range check(module.Path, list) {
			fmt.Println(complaint)
			bad++
		}
	}
	fmt.Printf("%d modules, %d packages with what they stand on, %d wrong imports\n", len(modules), packages, bad)
	if bad > 0 {
		os.Exit(1)
	}
}
