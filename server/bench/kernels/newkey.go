package kernels

import (
	"crypto/rand"
	"testing"

	"github.com/parleyws/parley/frame"
)

// NewKey returns the contest at making a masking key that cannot be predicted, RFC
// 6455 section 10.3. There is nothing in which random keys could agree.
func NewKey() []Contest {
	p := make([]byte, len(frame.Key{}))
	return []Contest{{
		Kernel: "new key",
		Contestants: []Contestant{
			{
				Name: "ours",
				Loop: func(b *testing.B) {
					for b.Loop() {
						frame.NewKey()
					}
				},
			},
			{
				Name: "crypto/rand",
				Loop: func(b *testing.B) {
					for b.Loop() {
						rand.Read(p)
					}
				},
			},
		},
		Duels: []Duel{{"ours", "crypto/rand", 0}},
	}}
}
