// Package deflate is permessage-deflate, the compression extension of
// WebSocket (RFC 7692): its negotiation and its codec.
//
// The negotiation works on parameters as name and value, so that any parser of
// the Sec-WebSocket-Extensions header field will do. A client writes an [Offer]
// and verifies the answer with [Offer.Verify]; a server has [Terms], and answers
// the first of the offers that it can meet with [Terms.Answer]. What they agree
// on is [Params].
//
// The codec works on the payload of messages. A [Compressor] makes the messages
// of one direction smaller, a [Decompressor] restores them, whole or piece by
// piece as they come. Both keep only the window that was agreed on, the
// Compressor no more than 8 KiB of it; everything else is borrowed from a pool,
// by the Compressor for one call, by the Decompressor for one message. The pools
// belong to the garbage collector: what is not used for a while is gone. A
// [Limit] bounds how much is compressed at the same time.
//
// Whatever a peer sends, inflating it costs no more memory than the window, the
// limit that is given, and 128 KiB, and no more work than so much for each octet
// that comes and each byte that is made.
//
// The package knows nothing of frames: setting and judging the RSV1 bit
// (RFC 7692 6), which messages are worth compressing, and how long one may be
// on the wire is left to who uses it.
package deflate
