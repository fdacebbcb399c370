package utf8check_test

import (
	"fmt"

	"github.com/parleyws/parley/utf8check"
)

func ExampleValid() {
	fmt.Println(utf8check.Valid([]byte("naïve")))
	fmt.Println(utf8check.Valid([]byte("na\xefve")))
	// Output:
	// true
	// false
}

func ExampleValidString() {
	fmt.Println(utf8check.ValidString("€"))
	fmt.Println(utf8check.ValidString("\xed\xa0\x80")) // a surrogate
	// Output:
	// true
	// false
}

// A rune may be cut anywhere.
func ExampleValidator() {
	var v utf8check.Validator
	for _, piece := range []string{"5 \xe2", "\x82", "\xac"} {
		fmt.Println(v.Feed([]byte(piece)), v.Complete())
	}
	// Output:
	// true false
	// true false
	// true true
}

// F4 can begin a rune, but 90 after it would be above U+10FFFF: there is no need
// to wait for the end of the text.
func ExampleValidator_Feed() {
	var v utf8check.Validator
	for _, piece := range []string{"text \xf4", "\x90", "more"} {
		fmt.Println(v.Feed([]byte(piece)))
	}
	// Output:
	// true
	// false
	// false
}

func ExampleValidator_Reset() {
	var v utf8check.Validator
	fmt.Println(v.Feed([]byte("\xff")))
	v.Reset()
	fmt.Println(v.Feed([]byte("another text")), v.Complete())
	// Output:
	// false
	// true true
}
