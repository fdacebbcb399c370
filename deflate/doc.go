// Package deflate is permessage-deflate, the compression extension of
// WebSocket (RFC 7692): its negotiation and its codec.
//
// The negotiation works on parameters as name and value, so that any parser of
// the Sec-WebSocket-Extensions header field will do. A client writes an [Offer]
// and verifies the answer with [Offer.Verify]; a server reads it with
// [ParseOffer] and answers with [Offer.Accept]. What they agree on is [Params].
//
// The codec works on the payload of whole messages. A [Compressor] makes the
// messages of one direction smaller, a [Decompressor] restores them, whole or
// piece by piece as they come. Both keep only the window that was agreed on;
// everything else is borrowed from a pool for one message at a time.
//
// The package knows nothing of frames: setting and judging the RSV1 bit
// (RFC 7692 6) is left to who uses it.
package deflate
