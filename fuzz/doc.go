// Package fuzz holds WebSocket codecs to their word: this project's, and
// anybody's.
//
// [CheckFrames], [CheckClosePayloads] and [CheckText] run the tables of package
// testdata against functions of the caller's own and return a [Fault] for each
// case that comes out wrong. In a test, [Frames], [ClosePayloads] and [Text] do
// the same and make a subtest of each case. The functions take and return plain
// values, so that a codec needs nothing of this project to be checked; and the
// package imports nothing of it but the tables.
//
// The package's own tests hold the other modules together: fuzz targets for what
// no single module can promise, such as that two endpoints understand what they
// have negotiated.
package fuzz
