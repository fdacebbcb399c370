module github.com/parleyws/parley/server/bench

go 1.26

require (
	github.com/coder/websocket v1.8.15
	github.com/gobwas/ws v1.5.0
	github.com/gorilla/websocket v1.5.3
	github.com/klauspost/compress v1.20.3
	github.com/lxzan/gws v1.8.9
	github.com/parleyws/parley/conn v0.0.0
	github.com/parleyws/parley/deflate v0.0.0
	github.com/parleyws/parley/frame v0.0.0
	github.com/parleyws/parley/handshake v0.0.0
	github.com/parleyws/parley/server v0.0.0
	github.com/parleyws/parley/utf8check v0.0.0
	github.com/segmentio/asm v1.2.1
	golang.org/x/sys v0.40.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
)

replace (
	github.com/parleyws/parley/conn => ../../conn
	github.com/parleyws/parley/deflate => ../../deflate
	github.com/parleyws/parley/frame => ../../frame
	github.com/parleyws/parley/handshake => ../../handshake
	github.com/parleyws/parley/server => ../
	github.com/parleyws/parley/utf8check => ../../utf8check
)
