// Package interop holds Parley's server to the word of programs that are not
// ours: a browser driving the page of wsserve, the npm package ws, and undici,
// which is Node's own client; zlib at the other end of every window; nginx and
// HAProxy in front of it; and an HTTP/2 client that writes its own frames. It has
// tests only.
//
// Browsers and Node talk to a real wsserve process, built once for the run. Set
// PARLEY_WSSERVE to test a binary of your own.
//
// The requests of testdata that open a WebSocket, or should not, are made at
// every door: net/http, the raw one, HTTP/2, and each proxy. Test
// TestEveryDoorGivesTheSameVerdictS1S2S3S8 prints with -v how they answer.
//
// What is not installed is skipped with a message that says what to do. With
// PARLEY_REQUIRE_INTEROP=1, as in CI, it fails instead.
package interop
