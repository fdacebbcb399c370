package main

// prefix begins the path of every module of ours.
const prefix = "github.com/parleyws/parley/"

// rooms says what the packages of each module may import besides the standard
// library and their own module: a module of ours by its folder, any other
// package by its path, or all below a path that ends in "/". A module that is
// not named here is nested in another and free.
var rooms = map[string][]string{
	"frame":     {"golang.org/x/sys/cpu"},
	"handshake": {},
	"deflate":   {"github.com/klauspost/compress/"},
	"utf8check": {"golang.org/x/sys/cpu"},
	"conn":      {"frame", "deflate", "utf8check"},
	"server":    {"handshake", "deflate", "conn", "frame"},
	"client":    {"handshake", "deflate", "conn", "frame"},
	"testdata":  {},
	"fuzz":      {"frame", "handshake", "deflate", "utf8check", "conn", "server", "client", "testdata"},
}

// forTests are what the tests of every module may import as well.
var forTests = []string{"github.com/google/go-cmp/", "pgregory.net/rapid"}

// withoutIO are the packages that turn bytes into values and nothing else, and
// what of the standard library they do without, so that they cannot wait.
var withoutIO = map[string][]string{
	prefix + "conn/message": {"context", "net", "net/http", "os", "sync", "time"},
}
