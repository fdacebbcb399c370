package main

import (
	"fmt"
	"slices"
	"strings"
)

// check returns a line for each import in list that the module at path may not
// have. The list holds the module's packages and all that they stand on.
func check(path string, list []pkg) (complaints []string) {
	allowed, ok := rooms[strings.TrimPrefix(path, prefix)]
	if !ok {
		return nil
	}
	standard := map[string]bool{}
	for _, p := range list {
		standard[p.ImportPath] = p.Standard
	}
	complain := func(from, to, why string) {
		complaints = append(complaints, fmt.Sprintf("%s imports %s: %s", from, to, why))
	}
	for _, p := range list {
		if p.Module == nil || p.Module.Path != path {
			continue
		}
		for _, to := range p.Imports {
			if !standard[to] && !within(to, path) && !allows(allowed, to) {
				complain(p.ImportPath, to, "not among "+strings.Join(allowed, ", "))
			}
			if slices.Contains(withoutIO[p.ImportPath], to) {
				complain(p.ImportPath, to, "it must not wait for anything")
			}
		}
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			if foreign(to) && !within(to, path) && !allows(allowed, to) && !allows(forTests, to) {
				complain("a test of "+p.ImportPath, to, "not among "+strings.Join(slices.Concat(allowed, forTests), ", "))
			}
		}
	}

	// What an import brings along must be allowed to it.
	for _, p := range list {
		if !p.Standard && !within(p.ImportPath, path) && !reachable(allowed, p.ImportPath) {
			complain(path, p.ImportPath, "by way of another package")
		}
	}
	return complaints
}

// foreign reports whether an import path is outside the standard library,
// which has no dot in its first element.
func foreign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// within reports whether a package is of the module at path, or below it.
func within(pkg, path string) bool {
	return pkg == path || strings.HasPrefix(pkg, path+"/")
}

// allows reports whether a list as in [rooms] has a place for a package.
func allows(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		_, ours := rooms[entry]
		switch {
		case ours:
			return within(pkg, prefix+entry)
		case strings.HasSuffix(entry, "/"):
			return strings.HasPrefix(pkg, entry)
		}
		return pkg == entry
	})
}

// reachable reports whether a list, or what its own entries allow, has a place
// for a package.
func reachable(list []string, pkg string) bool {
	return allows(list, pkg) || slices.ContainsFunc(list, func(entry string) bool {
		return reachable(rooms[entry], pkg)
	})
}
