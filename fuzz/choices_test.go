package fuzz_test

// choices are bytes of a fuzzer, one for each thing that is to be chosen. At
// their end everything is 0.
type choices []byte

func (c *choices) next() byte {
	if len(*c) == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return b
}

// below returns a number from 0 to n-1. n is at most 65536.
func (c *choices) below(n int) int {
	return (int(c.next())<<8 | int(c.next())) % n
}

func (c *choices) coin() bool { return c.next()&1 != 0 }

// take returns the next n bytes, or as many as there are.
func (c *choices) take(n int) []byte {
	b := (*c)[:min(n, len(*c))]
	*c = (*c)[len(b):]
	return b
}
