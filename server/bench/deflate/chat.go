package deflate

import (
	"math/rand/v2"
	"strconv"
)

// Chat is the stream of messages of a chat server as JSON, which is the same each
// time: numbers and times that grow, some rooms and people who talk more than
// others, and words as in a natural language, few of them often and many rarely.
type Chat struct {
	random             *rand.Rand
	words, names, room *rand.Zipf
	id, time           int64
}

// NewChat returns the stream with this number.
func NewChat(number uint64) *Chat {
	r := rand.New(rand.NewPCG(7692, number))
	return &Chat{
		random: r,
		words:  rand.NewZipf(r, 1.1, 2, uint64(len(words)-1)),
		names:  rand.NewZipf(r, 1.2, 4, uint64(len(names)-1)),
		room:   rand.NewZipf(r, 1.5, 1, 15),
		id:     981_400_000 + int64(r.IntN(100_000)),
		time:   1_795_000_000_000 + int64(r.IntN(1_000_000)),
	}
}

// short is the size in bytes below which a message is one that leaves out what it
// can.
const short = 128

// Append appends the next message, of exactly size bytes, at least 56, to dst: an
// object, or from 512 bytes on an array of them, as a server sends what was
// missed.
func (c *Chat) Append(dst []byte, size int) []byte {
	end := len(dst) + size
	switch {
	case size < short:
		return c.appendShort(dst, end)
	case size < 512:
		return c.appendFull(dst, end)
	}
	dst = append(dst, '[')
	for {
		// What is left must be enough for this one and a last one.
		next := 180 + c.random.IntN(120)
		if left := end - 1 - len(dst); left < next+1+300 {
			dst = c.appendFull(dst, end-1)
			return append(dst, ']')
		}
		dst = c.appendFull(dst, len(dst)+next)
		dst = append(dst, ',')
	}
}

// advance makes the next number and time.
func (c *Chat) advance() {
	c.id++
	c.time += int64(c.random.ExpFloat64() * 700)
}

// appendShort appends {"id":981412345,"u":"ana","m":"..."} up to end.
func (c *Chat) appendShort(dst []byte, end int) []byte {
	c.advance()
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, c.id, 10)
	dst = append(dst, `,"u":"`...)
	dst = append(dst, names[c.names.Uint64()]...)
	dst = append(dst, `","m":"`...)
	dst = c.appendText(dst, end-2)
	return append(dst, `"}`...)
}

// appendFull appends {"id":...,"ts":...,"room":"...","user":"...","text":"..."} up
// to end.
func (c *Chat) appendFull(dst []byte, end int) []byte {
	c.advance()
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, c.id, 10)
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendInt(dst, c.time, 10)
	dst = append(dst, `,"room":"r`...)
	dst = strconv.AppendUint(dst, c.room.Uint64(), 10)
	dst = append(dst, `","user":"`...)
	dst = append(dst, names[c.names.Uint64()]...)
	dst = append(dst, `","text":"`...)
	dst = c.appendText(dst, end-2)
	return append(dst, `"}`...)
}

// appendText appends words up to end, where the last is cut off.
func (c *Chat) appendText(dst []byte, end int) []byte {
	for len(dst) < end {
		dst = append(dst, words[c.words.Uint64()]...)
		dst = append(dst, ' ')
	}
	return dst[:end]
}

// names are those of 200 people, none of them longer than 8 bytes.
var names = invented(200, 8, 2)

// words are 4000, the frequent ones short.
var words = invented(4000, 14, 1)

// invented returns different words of syllables: the first ones have least
// syllables, later ones more. They are ASCII.
func invented(n, longest, least int) []string {
	const onsets, vowels, codas = "bdfghklmnprstvwz", "aeiou", "nrst"
	r := rand.New(rand.NewPCG(1951, uint64(n)))
	known := make(map[string]bool)
	var all []string
	for tries := 0; len(all) < n; tries++ {
		var w []byte
		for range least + min(r.IntN(1+tries/60), r.IntN(4)) {
			w = append(w, onsets[r.IntN(len(onsets))], vowels[r.IntN(len(vowels))])
			if r.IntN(3) == 0 {
				w = append(w, codas[r.IntN(len(codas))])
			}
		}
		if s := string(w); len(s) <= longest && !known[s] {
			known[s] = true
			all = append(all, s)
		}
	}
	return all
}
