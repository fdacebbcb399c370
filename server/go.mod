module github.com/parleyws/parley/server

go 1.25

require (
	github.com/parleyws/parley/conn v0.0.0
	github.com/parleyws/parley/deflate v0.0.0
	github.com/parleyws/parley/frame v0.0.0
	github.com/parleyws/parley/handshake v0.0.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/parleyws/parley/utf8check v0.0.0 // indirect
	golang.org/x/sys v0.40.0 // indirect
)

replace (
	github.com/parleyws/parley/conn => ../conn
	github.com/parleyws/parley/deflate => ../deflate
	github.com/parleyws/parley/frame => ../frame
	github.com/parleyws/parley/handshake => ../handshake
	github.com/parleyws/parley/utf8check => ../utf8check
)
