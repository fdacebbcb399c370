// Package conntest is a network in memory that fails on demand, to test what
// speaks WebSocket, or any other protocol, over a stream.
//
// [Pipe] returns the two ends of a stream. Each is a [net.Conn] with deadlines
// and a half-close. Unlike [net.Pipe], each direction holds bytes under way, so a
// Write returns before the peer reads, and waits when the peer does not: as
// between programs on a network. Closing is as on TCP, down to the reset that takes
// along what the peer has not read yet. This is where protocols lose their last
// words, and what a pipe without it cannot show. [Pair] puts a
// [github.com/parleyws/parley/conn.Conn] at both ends.
//
// What happens on the way is decided by direction, on the [Flow] that [End.In] and
// [End.Out] return, beforehand or in the middle of a conversation:
//
//	short reads, empty reads, bytes with an error   SetReadSizes, SetErrorWithData
//	writes in pieces, a small window, none           SetWriteSizes, SetWindow
//	slowness                                        SetLatency, SetJitter, SetRate
//	a peer that is silent for a while, or for good  Stall and Resume, BlackHole
//	the end at a byte of your choice                ResetAfter, EndAfter
//	any other error                                 FailReadAfter, FailWriteAfter
//
// Other kinds of stream are [End.HTTP2], whose deadlines work once, and
// [End.Plain], which has none.
//
// [Flow.Stats] counts bytes and calls, to show that writes are batched, and
// [Flow.Await] waits for a count, so that a test need not sleep to know that a Write
// is stuck.
//
// Nothing is left to chance: where something is random a seed decides. The package
// starts no goroutine, and has a timer only while a call waits. It does not import
// testing, so a program can use it too.
//
// Time is that of package time, and calls that wait block durably, so that in a
// bubble of [testing/synctest] latency costs nothing:
//
//	synctest.Test(t, func(t *testing.T) {
//		c, err := conntest.Pair(nil) // in the bubble that uses it
//		if err != nil {
//			t.Fatal(err)
//		}
//		defer c.CloseNow()
//		c.ClientEnd.Out().SetLatency(time.Second)
//		start := time.Now()
//		c.Client.Write(t.Context(), conn.Text, []byte("hello"))
//		m, err := c.Server.Read(t.Context())
//		fmt.Printf("%s, %v, after %v\n", m.Data, err, time.Since(start)) // hello, <nil>, after 1s
//	})
package conntest
