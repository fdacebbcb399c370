package deflate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The tests of this file are named by the attacks of the project's list: Z1 to
// Z7 and Z13 to Z15 are about memory, work and what one message may know of
// another.

// endlessBomb returns the start of a message of zeros. Each octet 0 after it
// makes 1032 of them, which is the most there can be (RFC 1951 3.2.5): four
// matches of 258 bytes, of two bits each.
func endlessBomb() []byte {
	block := bombBlock()
	return bitString(block[:len(block)-2])
}

// maxMatch is the length of the longest match, in bytes (RFC 1951 3.2.5).
const maxMatch = 258

// bombBlock returns the bits of a block with the right codes for a bomb. It
// makes one zero; its last two bits are its end.
func bombBlock() string {
	const zero, longest = 0, 285
	return dynamicBlock(lengthsOf(286, map[int]int{zero: 2, endOfBlock: 2, longest: 1}), []int{1}, zero)
}

// hostileDirections are what either role may find itself inflating.
var hostileDirections = []Direction{
	Params{}.FromClient(),
	Params{ServerMaxWindowBits: 8}.FromServer(),
	Params{ClientNoContextTakeover: true}.FromClient(),
	Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 11}.FromServer(),
}

// allocated returns how many bytes f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// Z2 is Z1 in the other role.
func TestZ1Z2BombsEndAtTheLimit(t *testing.T) {
	const limit = 1 << 20
	const mostHeap = limit + 128<<10
	start := endlessBomb()
	wire := append(start, make([]byte, 10_000_000_000/1032)...) // 9.7 MB make 10 GB
	for _, direction := range hostileDirections {
		for _, size := range []int64{10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000} {
			payload := wire[:len(start)+int(size/1032)]
			t.Run(fmt.Sprintf("%+v, %d bytes, whole", direction, size), func(t *testing.T) {
				d := NewDecompressor(direction)
				defer d.Free()
				heap := allocated(func() {
					if got, err := d.Append(nil, payload, limit); err != ErrTooBig || got != nil {
						t.Errorf("got %d bytes, %v", len(got), err)
					}
				})
				if heap > mostHeap {
					t.Errorf("%d bytes of heap, at most %d are allowed", heap, mostHeap)
				}
				if _, err := d.Append(nil, []byte{0}, limit); err != ErrTooBig {
					t.Errorf("the next message: %v", err)
				}
			})
			for _, fragment := range []int{len(payload), 1 << 10, 1} {
				t.Run(fmt.Sprintf("%+v, %d bytes, in pieces of %d", direction, size, fragment), func(t *testing.T) {
					d := NewDecompressor(direction)
					defer d.Free()
					var used, got int
					heap := allocated(func() { used, got = inflateUpTo(t, d, payload, fragment, limit) })
					// Not a byte more than the chunk in which the limit was passed.
					if most := len(start) + (limit+maxChunk)/1032 + fragment; got > limit+maxChunk || fragment < len(payload) && used > most {
						t.Errorf("%d bytes of wire were used for %d, at most %d for %d are allowed", used, got, most, limit)
					}
					// The caller, who counts, keeps what there is up to the limit.
					if heap > mostHeap-limit {
						t.Errorf("%d bytes of heap, at most %d are allowed", heap, mostHeap-limit)
					}
					if rest := len(payload) - used + len(d.inflater.in); int64(rest) < (size-limit-maxChunk)/1032-int64(len(start)+8) {
						t.Errorf("only %d bytes of wire are not inflated", rest)
					}
				})
			}
		}
	}
}

// inflateUpTo inflates payload, until it has made more than limit bytes.
func inflateUpTo(t *testing.T, d *Decompressor, payload []byte, fragment, limit int) (used, got int) {
	for used < len(payload) {
		piece := payload[used:min(used+fragment, len(payload))]
		used += len(piece)
		d.Feed(piece, false)
		for {
			chunk, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if got += len(chunk); got > limit {
				return used, got
			}
		}
	}
	t.Fatalf("%d bytes is all there was", got)
	return
}

// What the tests above fear is true: a small one explodes.
func TestABombIsOne(t *testing.T) {
	block := bombBlock()
	end := len(block) - 2
	payload := bitString(block[:end] + strings.Repeat("00", 4000) + block[end:] + "000")
	want := 1 + 4000*maxMatch
	if oracle, _, err := strictInflate(nil, payload, maxWindow); len(oracle) != want || err != nil {
		t.Errorf("the oracle: %d bytes, %v", len(oracle), err)
	}
	d := NewDecompressor(Direction{})
	defer d.Free()
	got, err := d.Append(nil, payload, -1)
	if err != nil || !bytes.Equal(got, make([]byte, want)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A bomb just under the limit is a message like any other, however many there
// are and however many send them.
func TestZ3ManyMessagesUpToTheLimitTakeNoMoreThanOne(t *testing.T) {
	const limit, connections = 1 << 20, 100
	payload := bomb(t, limit)
	if len(payload) > 1100 {
		t.Fatalf("%d bytes", len(payload))
	}
	dst := make([]byte, 0, limit)
	all := make([]*Decompressor, connections)
	before := heapInUse()
	for i := range all {
		all[i] = NewDecompressor(Direction{ContextTakeover: true})
	}
	for range 3 {
		for i, d := range all {
			got, err := d.Append(dst, payload, limit)
			if err != nil || len(got) != limit {
				t.Fatalf("connection %d: %d bytes, %v", i, len(got), err)
			}
		}
	}
	if heap, most := heapInUse()-before, int64(connections*(maxWindow+1<<10)); heap > most {
		t.Errorf("%d bytes of heap, at most %d are allowed", heap, most)
	}
	for _, d := range all {
		d.Free()
	}
	runtime.KeepAlive(dst)
}

func TestZ4TheLimitCountsPerMessageAlsoWithTakeover(t *testing.T) {
	const size, limit = 40_000, 40_000
	first := append(noise(20_000, 1), make([]byte, size-20_000)...)
	c, err := NewCompressor(Direction{ContextTakeover: true}, 9)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Free()
	d := NewDecompressor(Direction{ContextTakeover: true})
	defer d.Free()
	messages := [][]byte{first, first[size-maxWindow:], append(bytes.Clone(first[size-maxWindow:]), make([]byte, limit-maxWindow)...), make([]byte, limit+1)}
	for i, message := range messages {
		payload, ok := c.Append(nil, message)
		if !ok || i > 0 && len(payload) > 4000 && i != 1 {
			t.Fatalf("message %d: %t, %d bytes became %d", i, ok, len(message), len(payload))
		}
		got, err := d.Append(nil, payload, limit)
		if want := len(message) > limit; want != (err == ErrTooBig) || !want && (err != nil || !bytes.Equal(got, message)) {
			t.Errorf("message %d: %d bytes, %v", i, len(got), err)
		}
	}
}

func TestZ5NoMoreIsInflatedThanIsAskedFor(t *testing.T) {
	payload := append(endlessBomb(), make([]byte, 100_000)...)
	for _, direction := range hostileDirections {
		d := NewDecompressor(direction)
		d.Feed(payload, true)
		n := 0
		for range 3 {
			chunk, err := d.Next()
			if err != nil {
				t.Fatal(err)
			}
			n += len(chunk)
		}
		if used := len(payload) - len(d.inflater.in); n > 3*maxChunk || used > n/1032+100 {
			t.Errorf("%+v: %d bytes used for %d", direction, used, n)
		}
		d.Free()
	}
}

// mostWork is how many entries of tables, symbols and runs of them an octet of
// input may cost.
const mostWork = 40

// The limit on the wire is for who uses the package to set. Here is what makes
// it a limit on work too: nothing costs more than its length.
func TestZ6BlocksThatMakeNothingCostWhatTheyWeigh(t *testing.T) {
	for _, s := range streamsThatMakeNothing {
		for _, fragment := range []int{1 << 20, 1000, 1} {
			payload := repeatBits(s.bits, 100_000)
			if _, _, err := strictInflate(nil, append(bytes.Clone(payload[:len(repeatBits(s.bits, 0))]), 0), maxWindow); err != nil {
				t.Fatalf("%s: the oracle says %v", s.name, err)
			}
			d := NewDecompressor(Direction{})
			d.Feed(nil, false)
			heap := allocated(func() {
				for _, piece := range cutInto(payload, fragment) {
					d.Feed(piece, false)
					if chunk, err := d.Next(); err != io.EOF || len(chunk) > 0 {
						t.Fatalf("%s: %x, %v", s.name, chunk, err)
					}
				}
			})
			if work := d.inflater.block.work; work > mostWork*len(payload) {
				t.Errorf("%s: %d entries, symbols and runs for %d bytes", s.name, work, len(payload))
			}
			if heap > 128<<10 {
				t.Errorf("%s in pieces of %d: %d bytes of heap", s.name, fragment, heap)
			}
			d.Free()
		}
	}
}

// cutInto cuts b into pieces of n bytes without a slice of them.
func cutInto(b []byte, n int) func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		for i := 0; i < len(b); i += n {
			if !yield(i/n, b[i:min(i+n, len(b))]) {
				return
			}
		}
	}
}

func TestZ6NoCodeCostsMoreThanItsDescriptionAllows(t *testing.T) {
	// First that the count is right. The code of the code lengths has 2 symbols
	// in 2 runs and 2 entries, each of the two others 1 in 1 run and 2 entries.
	d := NewDecompressor(Direction{})
	d.Feed(bitString(dynamicBlock(lengthsOf(257, map[int]int{256: 1}), []int{1})), false)
	if _, err := d.Next(); err != io.EOF || d.inflater.block.work != 6+4+4 {
		t.Fatalf("%d entries, symbols and runs, %v", d.inflater.block.work, err)
	}
	d.Free()

	rapid.Check(t, func(t *rapid.T) {
		literals, distances := make([]int, 286), make([]int, 30)
		for i, n := range anyCode.Draw(t, "literals") {
			literals[i] = int(n)
		}
		if literals[endOfBlock] == 0 {
			for i, n := range literals {
				if n > 0 {
					literals[i], literals[endOfBlock] = 0, n
					break
				}
			}
		}
		distances[rapid.IntRange(0, 29).Draw(t, "distance")] = 1
		block := bitString(dynamicBlock(literals, distances))
		d := NewDecompressor(Direction{})
		defer d.Free()
		d.Feed(block, false)
		if out, err := d.Next(); err != io.EOF {
			t.Fatal(out, err)
		}
		if work := d.inflater.block.work; work == 0 || work > mostWork*len(block) {
			t.Fatalf("%d entries, symbols and runs for %d bytes", work, len(block))
		}
	})
}

func TestZ7AfterAnErrorTheNextMessageOfAnotherConnectionIsRight(t *testing.T) {
	secret := bytes.Repeat([]byte("secret"), 10_000)
	type fault struct {
		name    string
		payload []byte
		limit   int64
	}
	faults := []fault{{"too big", append(stored(secret), 0), 1000}, {"too big in the middle", append(stored(secret), 0), 50_000}}
	for _, c := range corruptMessages {
		payload := c.payload
		if c.cause != errDistance { // or it would find what it refers to
			payload = append(stored(secret), payload...)
		}
		faults = append(faults, fault{c.name, payload, -1})
	}
	for _, fault := range faults {
		for _, takeover := range []bool{true, false} {
			broken := NewDecompressor(Direction{ContextTakeover: takeover})
			if _, err := broken.Append(nil, fault.payload, fault.limit); err == nil {
				t.Errorf("%s: no error", fault.name)
			}
			hello := NewDecompressor(Direction{})
			if got, err := hello.Append(nil, unhex(t, "f248cdc9c90700"), 5); err != nil || string(got) != "Hello" {
				t.Errorf("after %s: got %q, %v", fault.name, got, err)
			}
			hello.Free()
			// A match of three bytes at every distance: all are before the message.
			for _, payload := range []string{"f200110000", "f200 0000"} {
				thief := NewDecompressor(Direction{ContextTakeover: takeover})
				got, err := thief.Append(nil, unhex(t, payload), -1)
				if err == nil || len(got) > 0 {
					t.Errorf("after %s: bytes of another message: %q, %v", fault.name, got, err)
				}
				thief.Free()
			}
		}
	}
}

// Without takeover a message cannot reach the one before in the ring that both
// have used, at any distance, however far it has come itself.
func TestZ13ARingThatIsLentAgainTellsNothing(t *testing.T) {
	secret := bytes.Repeat([]byte("secret"), 10_000)
	d := NewDecompressor(Direction{})
	defer d.Free()
	for _, before := range []int{0, 1, 1000, maxWindow - 300, maxWindow - 100} {
		if _, err := d.Append(nil, append(stored(secret), 0), -1); err != nil {
			t.Fatal(err)
		}
		for _, beyond := range []int{1, 100} {
			other := NewDecompressor(Direction{})
			payload := append(stored(make([]byte, before)), bitString("0 10 0000001"+fixedDistance(before+beyond)+"0000000 000")...)
			if got, err := other.Append(nil, payload, -1); !errors.Is(err, errDistance) || len(got) > 0 {
				t.Errorf("%d bytes on, %d beyond: %q, %v", before, beyond, got, err)
			}
			other.Free()
		}
	}
}

// fixedDistance returns the fixed code of a distance, with its extra bits.
func fixedDistance(dist int) string {
	for code := range 30 {
		e := distanceMeanings[code]
		if n := dist - e.value(); 0 <= n && n < 1<<e.extra() {
			return fmt.Sprintf("%05b", code) + number(n, int(e.extra()))
		}
	}
	panic("no such distance")
}

// What we send: no tail, nothing that grows, an empty message not compressed or
// one octet, and the right length also for what is large and does not shrink.
func TestZ14WhatIsWrittenHasNoTailAndTheRightLength(t *testing.T) {
	const size = 1 << 20 / lessUnderRace
	large := noise(size, 6)
	for _, level := range []int{-2, 1, 6, 9} {
		for _, direction := range hostileDirections {
			c, err := NewCompressor(direction, level)
			if err != nil {
				t.Fatal(err)
			}
			for _, message := range [][]byte{nil, []byte("a"), []byte("Hello"), bytes.Repeat([]byte("Hello"), 1000), chat(1, 3000), large, make([]byte, size)} {
				payload, ok := c.Append(nil, message)
				if ok && (len(payload) >= len(message) || bytes.HasSuffix(payload, tail)) || !ok && payload != nil {
					t.Errorf("level %d, %+v: %d bytes became %d, % x", level, direction, len(message), len(payload), payload[max(0, len(payload)-4):])
				}
				if (len(message) == 0 || len(message) == len(large) && message[0] != 0) && ok {
					t.Errorf("level %d, %+v: %d bytes got smaller", level, direction, len(message))
				}
				pieces, err := c.AppendPiece(nil, message, true)
				if err != nil || bytes.HasSuffix(pieces, tail) || len(message) == 0 && !bytes.Equal(pieces, []byte{0}) {
					t.Errorf("level %d, %+v: %d bytes became %d, %v", level, direction, len(message), len(pieces), err)
				}
				d := NewDecompressor(Direction{})
				if !direction.ContextTakeover {
					if got, err := d.Append(nil, pieces, int64(len(message))); err != nil || !bytes.Equal(got, message) {
						t.Errorf("level %d, %+v: %d bytes for %d, %v", level, direction, len(got), len(message), err)
					}
				}
				d.Free()
			}
			c.Free()
		}
	}
}

// heapInUse returns the bytes on the heap once nothing is left in any pool.
func heapInUse() int64 {
	var m runtime.MemStats
	for range 3 { // a sync.Pool lets go of what has not been used for two cycles
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestZ15TenThousandConnectionsLeaveNothing(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	before := heapInUse()
	message := chat(0, 600)
	for i := range 10_000 / lessUnderRace {
		direction := hostileDirections[i%len(hostileDirections)]
		c, err := NewCompressor(direction, []int{0, 9}[i%1000/999])
		if err != nil {
			t.Fatal(err)
		}
		d := NewDecompressor(direction)
		payload, ok := c.Append(nil, message)
		if !ok {
			t.Fatal("not smaller")
		}
		switch i % 3 { // at the end of a message, in its middle, and in an error
		case 0:
			_, err = d.Append(nil, payload, -1)
		case 1:
			d.Feed(payload[:len(payload)/2], false)
			_, err = d.Next()
			_, _ = c.AppendPiece(nil, message, false)
		case 2:
			if _, err = d.Append(nil, payload, 100); err == ErrTooBig {
				err = nil
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		c.Free()
		d.Free()
	}
	if left := heapInUse() - before; left > 256<<10 {
		t.Errorf("%d bytes are left", left)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more", n-goroutines)
	}
}

// What an idle connection costs: measured, not counted.
func TestAnIdleConnectionKeepsItsWindowsAndNoMore(t *testing.T) {
	const connections = 100 / lessUnderRace
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			inflating, compressing := idleBytes(t, Direction{bits, takeover}, connections)
			// The structs, and what the runtime does meanwhile.
			mostIn, mostOut := 150+10_000/connections, 150+10_000/connections
			if takeover {
				// The structs included.
				mostIn = 1<<bits + 1<<10 + 10_000/connections
				mostOut += min(1<<bits, 8<<10)
			}
			if inflating > mostIn || compressing > mostOut {
				t.Errorf("%d bits, takeover %t: inflating takes %d bytes, at most %d are allowed, compressing %d, at most %d",
					bits, takeover, inflating, mostIn, compressing, mostOut)
			}
		}
	}
}

// idleBytes returns what a connection takes whose windows are full.
func idleBytes(t testing.TB, direction Direction, connections int) (inflating, compressing int) {
	in, out := make([]*Decompressor, connections), make([]*Compressor, connections)
	message := append(chat(0, 40_000), 0)
	before := heapInUse()
	for i := range out {
		c, err := NewCompressor(direction, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Append(nil, message); !ok {
			t.Fatal("not smaller")
		}
		out[i] = c
	}
	between := heapInUse()
	payload := append(stored(message), 0)
	for i := range in {
		in[i] = NewDecompressor(direction)
		if _, err := in[i].Append(nil, payload, -1); err != nil {
			t.Fatal(err)
		}
	}
	after := heapInUse()
	runtime.KeepAlive(message)
	runtime.KeepAlive(in)
	runtime.KeepAlive(out)
	return int(after-between) / connections, int(between-before) / connections
}
