// Package interop holds Parley's server to the word of programs that are not
// ours: a browser driving the page of wsserve, the npm package ws, and undici,
// which is Node's own client. It has tests only.
//
// Every test talks to a real wsserve process, built once for the run. Set
// PARLEY_WSSERVE to test a binary of your own.
//
// What is not installed is skipped with a message that says what to do. With
// PARLEY_REQUIRE_INTEROP=1, as in CI, it fails instead.
package interop
