module github.com/parleyws/parley/utf8check

go 1.25

require pgregory.net/rapid v1.3.0

require golang.org/x/sys v0.40.0
