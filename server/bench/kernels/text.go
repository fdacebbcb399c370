package kernels

import "unicode/utf8"

// sample is a text to cut inputs from.
type sample struct {
	name  string
	runes []rune
	// dense tells that all its runes are outside ASCII, the hard case of
	// validation.
	dense bool
}

var samples = []sample{
	{"ascii", []rune("The quick brown fox jumps over the lazy dog, and 1234567890 others watch it do so. "), false},
	{"latin", []rune("àéîõüçñßøåæðþýÿœžščřěďťňůłąęśźżćńğışőűăâîșțāēīūģķļņ"), true},
	{"japanese", []rune("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"), true},
	{"emoji", []rune("😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙🤗🤩🤔🤨😐😑😶🙄😏😣😥😮🤐"), true},
	{"json", []rune(`{"type":"message","id":48213,"from":{"name":"Zoë Müller","online":true},"at":"2024-05-17T09:31:04Z","text":"See you at the café at 9, 東京駅で 👋","tags":["travel","travail","旅行"],"reply":null}` + "\n"), false},
}

// text fills p with s, from its rune number from on and again from its beginning.
// Where no rune fits any more, dots fill the rest.
func (s sample) text(p []byte, from int) {
	for i := from; ; i++ {
		r := s.runes[i%len(s.runes)]
		if n := utf8.RuneLen(r); n > len(p) {
			break
		}
		p = p[utf8.EncodeRune(p, r):]
	}
	for i := range p {
		p[i] = '.'
	}
}
