package conn_test

import (
	"strings"
	"testing"
)

// Fuzz target FZ15. Whatever the peer, the network and the callers do, in
// whatever order: every call returns (the bubble reports it otherwise), messages
// arrive whole or not at all, what is sent is lawful, the end is one for all, OnClose
// is called once, and then the connection leaves everything alone. See script.
func FuzzConnScript(f *testing.F) {
	for _, seed := range scriptSeeds {
		for kind := range byte(3) {
			for client := range byte(2) {
				who := client | seed.head[0]&2 | kind<<2
				f.Add(append([]byte{who}, append(seed.head[1:], seed.steps...)...))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if wrong := playScript(t, b); len(wrong) > 0 {
			t.Errorf("%x:\n%s", b, strings.Join(wrong, "\n"))
		}
	})
}

// The numbers of steps, for the seeds.
const (
	doPeerFrame = iota
	_
	doPeerMessage
	doPeerRaw
	doPeerCut
	doPeerHangUp
	doPeerPolite
	_
	doStall
	doWindow
	doFault
	doLatency
	doSleep
	doSleepTenths
	doCancel
	doWait
	doRead
	_
	doReadInto
	doNextReader
	doMessages
	doServe
	doNetRead
	doReadAll
	doWrite
	_
	doWriteUncompressed
	doWriteNotUTF8
	doNextWriter
	_
	doNetWrite
	doNetDeadline
	doPing
	doPong
	doClose
	doCloseWrite
	doEnd
	doContext
	doFlush
	doWritePrepared
	doLook
)

// Parts of the seeds: what newStage and the steps make of a byte.
const (
	seedPolite     = 2    // of head[0]
	seedZipped     = 0x11 // of head[3]: with takeover, and all messages are
	seedZippedOnce = 0x19 // without takeover
	seedOneByte    = 0x14 // of head[4]: reads and writes of one byte
	seedTiny       = 1    // of head[4]: a window of 10 bytes

	// of head[5]: queues
	seedQueue, seedShortQueue, seedNewestOut, seedOldestOut, seedNoneLate = 2, 3, 4, 5, 6

	seedAndGoOn = 0x80 // of a step: the next does not wait

	seedGrouped  = 2 // contexts
	seedSecond   = 5
	seedEnded    = 7
	seedThenRest = 0 // finales: CloseNow,
	seedThenEnd  = 1 // Close,
	seedThenTalk = 2 // CloseWrite,
	seedThenIdle = 3 // or nothing
)

// scriptSeeds are one for each interesting class.
var scriptSeeds = []struct {
	name  string
	head  [scriptHead]byte
	steps []byte
}{
	{"nothing", [scriptHead]byte{}, nil},
	{"a conversation", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{
		doServe, 0, 0, doPeerMessage, 4, doWrite, 0x30, doPeerFrame, 0, doPing, seedSecond, doPeerMessage, 0x8D, doPong, 0}},
	{"a compressed conversation", [scriptHead]byte{seedPolite, 0, 0, seedZipped, 0, 0, seedThenEnd}, []byte{
		doReadAll, 0, doPeerMessage, 4, doWrite, 0x40, doWrite, 0x40, doNextWriter, 0x50, 0x18, doPeerMessage, 0x8C, doWriteUncompressed, 0x30, doPeerMessage, 0x50}},
	{"compressed without takeover, byte by byte", [scriptHead]byte{seedPolite, 0, 0, seedZippedOnce, seedOneByte, 0, seedThenEnd}, []byte{
		doReadInto, 0xE0, doPeerMessage, 8, doWrite, 0x30, doPeerMessage, 0x88, doNextWriter, 0x30, 0x20, doPing, seedSecond}},
	{"every style after another, inside a message of a client", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{
		doPeerRaw, 9, 0x01, 0x83, 0, 0, 0, 0, 'a', 'b', 'c', doRead, seedSecond, doSleep, 1,
		doNextReader, seedSecond, 4, doSleep, 1, doPeerRaw, 9, 0x80, 0x83, 0, 0, 0, 0, 'd', 'e', 'f', doServe, seedSecond, 0, doSleep, 1,
		doPeerMessage, 0x80, doNextReader, 0, 4, doPeerMessage, 0, doNextReader, 0, 1, doPeerMessage, 0x80, doMessages, 0, 0,
		doPeerMessage, 0, doNetRead, 2, doNetRead, 1, doNetDeadline, 2, doSleep, 1, doNetDeadline, 4, doReadAll, 0}},
	{"broken rules", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doServe, 0, 0, doPeerMessage, 4, doPeerFrame, 9}},
	{"too big", [scriptHead]byte{0, 0, 8, 0, 0, 0, seedThenRest}, []byte{doReadAll, 0, doPeerMessage, 0x0C}},
	{"not UTF-8 either way", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{doWriteNotUTF8, 0, doReadAll, 0, doPeerFrame, 13}},
	{"a flood of pings to one who is not read", [scriptHead]byte{0, 0, 0, 0, seedTiny, 0, seedThenEnd}, []byte{
		doReadAll, 0, doWindow, 0, doPeerFrame, 19, doPeerFrame, 19, doSleep, 1, doWindow, 3, doSleep, 3}},
	{"a frame cut short, then FIN", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{doServe, 0, 0, doPeerCut, 9, 1}},
	{"reset inside a frame, while writing", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doReadAll, 0, doWindow, 0, doWrite, 0x60, doPeerCut, 3, 5, doWrite, 0}},
	{"the peer does not read", [scriptHead]byte{0, 0x20, 0, 0, 0, 0, seedThenEnd}, []byte{
		doWindow, 0, doWrite, 0x60, doWrite, 0x11, doPing, 0, doSleep, 5}},
	{"writes that end by their context, whole and in part", [scriptHead]byte{seedPolite, 0x40, 0, 0, 0, 0, seedThenEnd}, []byte{
		doReadAll, 0, doWindow, 0, doWrite, 0x0A, doSleep, 1, doWindow, 2, doWrite, 0x6A, doSleep, 2}},
	{"a streamed message that is broken off", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doReadAll, 0, doNextWriter, 0x40 | seedGrouped, 0x34, doSleep, 0, doWrite | seedAndGoOn, 0, doCancel, 0, doSleep, 2}},
	{"a streamed message that is broken off, and nobody cares", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doNextWriter, 0x40 | seedGrouped, 0x34, doSleep, 0, doCancel, 0, doSleep, 5}},
	{"a streamed message with pings, and a Close, between", [scriptHead]byte{seedPolite, 0, 0, seedZipped, 0, 0, seedThenEnd}, []byte{
		doReadAll, 0, doNextWriter, 0x70, 0x36, doPeerFrame, 0, doPing, 0, doWrite | seedAndGoOn, 0x30, doClose, 0, doSleep, 1}},
	{"a NetConn whose deadline passes in a frame", [scriptHead]byte{seedPolite, 0x40, 0, 0, seedTiny, 0, seedThenEnd}, []byte{
		doStall, 1, doNetDeadline, 18, doNetWrite, 0x10, doSleep, 2, doNetDeadline, 4, doStall, 3, doNetWrite, 0x10, doWrite, 0}},
	{"a NetConn that reads past the limit of a message", [scriptHead]byte{0, 0, 8, 0, 0, 0, seedThenRest}, []byte{
		doPeerMessage, 0x90, doNetRead, 2, doRead, 0, doEnd, 1}},
	{"the last word, and the peer is heard out", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doCloseWrite, 0, doPeerMessage, 4, doReadAll, 0, doSleep, 2, doPeerMessage, 0x8C, doPeerFrame, 0, doSleep, 3, doPeerFrame, 3, doPeerHangUp, 0}},
	{"the last word, and nobody reads", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{doCloseWrite, 0, doPeerMessage, 4, doSleep, 5}},
	{"the last word, and nothing comes", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{doReadAll, 0, doCloseWrite, 0, doEnd, 2, doSleep, 5}},
	{"the last word, too late", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{doCloseWrite, seedEnded, doWrite, 0, doReadAll, 0}},
	{"Close after a ReadTimeout", [scriptHead]byte{seedPolite, 0, 2, 0, 0, 0, seedThenRest}, []byte{
		doRead, 0, doSleep, 3, doLatency, 7, doClose, 0}},
	{"all close at once", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{
		doServe | seedAndGoOn, 0, 0x12, doClose | seedAndGoOn, 0, doCloseWrite | seedAndGoOn, 0, doPeerFrame | seedAndGoOn, 3, doEnd | seedAndGoOn, 1, doClose, 8}},
	{"Close waits for a reader that ends", [scriptHead]byte{0, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doRead, seedGrouped, doPeerMessage, 0x94, doClose, 0, doEnd | seedAndGoOn, 0, doCancel, 0}},
	{"nobody lives there", [scriptHead]byte{0, 2, 0, 0, 0, 0, seedThenIdle}, []byte{doContext, 0, doReadAll, 0, doStall, 0}},
	{"a message that never ends", [scriptHead]byte{0, 1, 4, 0, 0, 0, seedThenIdle}, []byte{doReadAll, 0, doPeerCut, 10, 0, doSleep, 4}},
	{"faults of the network", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenRest}, []byte{
		doReadAll, 0, doFault, 7, 100, doWrite, 0x20, doFault, 4, 50, doPeerMessage, 4, doWrite, 0}},
	{"a stall that passes", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{
		doReadAll, 0, doStall, 0, doStall, 1, doPing, 0, doPeerMessage, 4, doSleep, 3, doStall, 2, doStall, 3, doSleep, 2}},
	{"a full Budget", [scriptHead]byte{0, 0, 0, 2, 0, 0, seedThenRest}, []byte{doReadAll, 0, doPeerMessage, 0x94}},
	{"a queue", [scriptHead]byte{seedPolite, 0, 0, seedZipped, 0, seedQueue, seedThenEnd}, []byte{
		doReadAll, 0, doWrite | seedAndGoOn, 0x50, doWrite | seedAndGoOn, 0x20, doNextWriter, 0x30, 0, doWritePrepared, 0x30, doFlush, 0, doLook, 2}},
	{"a queue that is full, to a peer that does not read", [scriptHead]byte{seedPolite, 0, 0, 0, seedTiny, seedShortQueue, seedThenEnd}, []byte{
		doReadAll, 0, doWindow, 0, doWrite, 0x30, doWrite, 0x30, doWrite, 0x3A, doSleep, 2, doWindow, 3, doLook, 0}},
	{"a queue that drops the newest", [scriptHead]byte{seedPolite, 0, 0, 0, seedTiny, seedNewestOut, seedThenEnd}, []byte{
		doWindow, 0, doWrite, 0x30, doWrite, 0x30, doWrite, 0x30, doWrite, 0x30, doWindow, 3}},
	{"a queue that drops the oldest", [scriptHead]byte{seedPolite, 0, 0, 0, seedTiny, seedOldestOut, seedThenEnd}, []byte{
		doWindow, 0, doWrite, 0x30, doWrite, 0x30, doWrite, 0x30, doWrite, 0x30, doWindow, 3}},
	{"a queue that does not wait", [scriptHead]byte{seedPolite, 0, 0, 0, seedTiny, seedNoneLate, seedThenEnd}, []byte{
		doReadAll, 0, doWindow, 0, doWrite, 0x60, doWrite, 0x60, doWrite, 0x60, doSleep, 2, doWindow, 3}},
	{"replies that leave together", [scriptHead]byte{seedPolite, 0, 0, 0, 0, 0, seedThenEnd}, []byte{
		doPeerMessage, 0, doPeerMessage, 0, doPeerFrame, 19, doPeerMessage, 0, doServe, 0, 1, doWrite | seedAndGoOn, 0, doLook, 1, doPing, 0}},
	{"CompressLimit held by others", [scriptHead]byte{seedPolite, 0, 0, seedZipped | 4, 0, 0, seedThenEnd}, []byte{
		doNextWriter | seedAndGoOn, 0x70, 0x20, doWrite | seedAndGoOn, 0x70, doWrite | seedAndGoOn, 0x7A, doReadAll, 0}},
}
