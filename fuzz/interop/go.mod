module github.com/parleyws/parley/fuzz/interop

go 1.25.0

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/parleyws/parley/conn v0.0.0
	github.com/parleyws/parley/deflate v0.0.0
	github.com/parleyws/parley/frame v0.0.0
	github.com/parleyws/parley/handshake v0.0.0
	github.com/parleyws/parley/server v0.0.0
	github.com/parleyws/parley/testdata v0.0.0
	golang.org/x/crypto v0.55.0
	golang.org/x/net v0.58.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/parleyws/parley/utf8check v0.0.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace (
	github.com/parleyws/parley/client => ../../client
	github.com/parleyws/parley/conn => ../../conn
	github.com/parleyws/parley/deflate => ../../deflate
	github.com/parleyws/parley/frame => ../../frame
	github.com/parleyws/parley/handshake => ../../handshake
	github.com/parleyws/parley/server => ../../server
	github.com/parleyws/parley/testdata => ../../testdata
	github.com/parleyws/parley/utf8check => ../../utf8check
)
