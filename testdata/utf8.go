package testdata

// The verdicts on a [UTF8Case].
const (
	Valid      = "valid"      // the text may end here
	Unfinished = "unfinished" // more bytes can make it valid, but it may not end here
	Invalid    = "invalid"    // nothing can mend it
)

// UTF8Case is bytes that may be UTF-8, RFC 3629 section 4.
type UTF8Case struct {
	Name    string `json:"name"`    // unique in its table
	Section string `json:"section"` // that decides the case, such as "RFC 3629 3"
	Bytes   Hex    `json:"bytes"`
	Verdict string `json:"verdict"` // [Valid], [Unfinished] or [Invalid]

	// At is the index of the first byte that nothing after it can mend, if
	// the verdict is [Invalid], and 0 otherwise.
	At int `json:"at"`
}

// UTF8 returns the cases of utf8.json, a new slice each time.
func UTF8() ([]UTF8Case, error) { return load[UTF8Case]("utf8.json") }
