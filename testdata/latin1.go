package testdata

import "strings"

// Latin1 is bytes that stand in a table as text: each code point up to U+00FF
// is a byte. The code point U+2026, an ellipsis, is no byte but the place of a
// [Fill].
type Latin1 string

// Fill is text that stands many times where a [Latin1] has a place for it. The
// places of a case are filled in order.
type Fill struct {
	Text  Latin1 `json:"text"`
	Times int    `json:"times"`
}

// place is the code point that a Fill takes the place of.
const place = '…'

// wire returns the bytes that s stands for with its places filled, and the
// fills that are left.
func (s Latin1) wire(fill []Fill) ([]byte, []Fill) {
	var b strings.Builder
	for _, c := range s {
		if c != place {
			b.WriteByte(byte(c))
			continue
		}
		if len(fill) == 0 {
			continue
		}
		text, _ := fill[0].Text.wire(nil)
		for range fill[0].Times {
			b.Write(text)
		}
		fill = fill[1:]
	}
	return []byte(b.String()), fill
}

// places returns the number of places for fills.
func (s Latin1) places() int { return strings.Count(string(s), string(place)) }
