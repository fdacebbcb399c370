package interop

import (
	"fmt"
	"math/rand/v2"
)

// pieceSize is the length of the pieces that repeat at a chosen distance: long
// enough to be worth a match, and too short to matter beside the smallest window.
const pieceSize = 48

// sentMessages returns the count messages of one direction: chat, noise, messages of
// critical lengths, one beyond the window, and pieces that recur just inside
// and just outside of it, in the same message and in the next. number tells which
// distances, and seeds the rest.
func sentMessages(count, windowBits, number int) [][]byte {
	m := &maker{newRand(number)}
	window := 1 << windowBits
	units := [][][]byte{
		{{}}, {m.noise(1)}, {m.text(1)}, {m.noise(200)}, {m.noise(1 + m.IntN(2000))},
		{m.text(127)}, {m.text(128)}, {m.text(129)},
		{m.chat(127)}, {m.chat(128)}, {m.chat(129)},
		{m.chat(window + window/4)},
	}
	// zlib looks back no further than its window less 262.
	distances := []int{window, window - 1, window + 1, window - 300, window * 3 / 4}
	for i := range 2 {
		if d := distances[(number+2*i)%len(distances)]; d > pieceSize {
			units = append(units, [][]byte{m.repeat(d)})
		}
		if d := distances[(number+2*i+1)%len(distances)]; d > pieceSize {
			units = append(units, m.repeatInNext(d))
		}
	}
	left := count
	for _, unit := range units {
		left -= len(unit)
	}
	for range left {
		units = append(units, [][]byte{m.chat(40 + m.IntN(100)*m.IntN(6))})
	}
	m.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	var messages [][]byte
	for _, unit := range units {
		messages = append(messages, unit...)
	}
	return messages
}

// maker makes messages.
type maker struct{ *rand.Rand }

func newRand(seed int) *rand.Rand { return rand.New(rand.NewPCG(7692, uint64(seed))) }

func (m *maker) noise(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

// text returns letters without rhyme or reason: codes make them shorter,
// matches hardly.
func (m *maker) text(size int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, size)
	for i := range b {
		b[i] = letters[m.IntN(len(letters))]
	}
	return b
}

var (
	chatNames = []string{"anna", "boris", "chloé", "dmitri", "eve", "fatma", "gustav", "hana"}
	chatWords = []string{"hello", "the", "a", "meeting", "is", "at", "noon", "who", "sent", "that", "picture", "thanks", "see", "you", "tomorrow", "не", "знаю", "☃"}
)

// chat returns the first size bytes of chat messages as JSON: one that is cut
// off, or several.
func (m *maker) chat(size int) []byte {
	var b []byte
	for len(b) < size {
		b = fmt.Appendf(b, `{"type":"message","room":"room-%d","id":%d,"from":%q,"text":"`, m.IntN(4), 1_700_000_000+m.IntN(1_000_000), chatNames[m.IntN(len(chatNames))])
		for range 1 + m.IntN(20) {
			b = append(b, chatWords[m.IntN(len(chatWords))]...)
			b = append(b, ' ')
		}
		b = append(b, "\"}\n"...)
	}
	return b[:size]
}

// repeat returns a message in which a piece recurs after distance bytes.
func (m *maker) repeat(distance int) []byte {
	piece := m.text(pieceSize)
	b := append([]byte(nil), piece...)
	b = append(b, m.text(distance-pieceSize)...)
	return append(b, piece...)
}

// repeatInNext returns two messages: a piece of the first recurs in the second,
// after distance bytes.
func (m *maker) repeatInNext(distance int) [][]byte {
	both := m.repeat(distance)
	cut := pieceSize + (distance-pieceSize)/2
	return [][]byte{both[:cut], both[cut:]}
}
