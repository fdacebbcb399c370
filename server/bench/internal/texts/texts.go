// Package texts holds the texts that inputs are cut from.
package texts

import "unicode/utf8"

// Text is a text of any length.
type Text struct {
	Name  string
	runes []rune

	// Dense tells that all its runes are outside ASCII, the hard case of
	// validation.
	Dense bool
}

// All returns the texts: plain ASCII, runes of 2, 3 and 4 bytes throughout, and
// what is mostly ASCII with a few of each.
func All() []Text {
	return []Text{
		{"ascii", []rune("The quick brown fox jumps over the lazy dog, and 1234567890 others watch it do so. "), false},
		{"latin", []rune("àéîõüçñßøåæðþýÿœžščřěďťňůłąęśźżćńğışőűăâîșțāēīūģķļņ"), true},
		{"japanese", []rune("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"), true},
		{"emoji", []rune("😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙🤗🤩🤔🤨😐😑😶🙄😏😣😥😮🤐"), true},
		{"json", []rune(`{"type":"message","id":48213,"from":{"name":"Zoë Müller","online":true},"at":"2024-05-17T09:31:04Z","text":"See you at the café at 9, 東京駅で 👋","tags":["travel","travail","旅行"],"reply":null}` + "\n"), false},
	}
}

// Fill fills p with t, from its rune number from on and again from its beginning.
// Where no rune fits any more, dots fill the rest.
func (t Text) Fill(p []byte, from int) {
	for i := from; ; i++ {
		r := t.runes[i%len(t.runes)]
		if n := utf8.RuneLen(r); n > len(p) {
			break
		}
		p = p[utf8.EncodeRune(p, r):]
	}
	for i := range p {
		p[i] = '.'
	}
}
