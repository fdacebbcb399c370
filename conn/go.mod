module github.com/parleyws/parley/conn

go 1.25

require (
	github.com/google/go-cmp v0.7.0
	github.com/parleyws/parley/deflate v0.0.0
	github.com/parleyws/parley/frame v0.0.0
	github.com/parleyws/parley/utf8check v0.0.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/sys v0.40.0 // indirect
)

replace (
	github.com/parleyws/parley/deflate => ../deflate
	github.com/parleyws/parley/frame => ../frame
	github.com/parleyws/parley/utf8check => ../utf8check
)
