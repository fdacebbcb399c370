package conn_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Property 3: open, closing and closed have each their answers to every call and
// to all that the peer does. There is no way back; after the close frame nothing is
// sent; the end is one, and is told once.
func TestEveryStateHasItsAnswerToEverythingProperty3(t *testing.T) {
	action := rapid.Custom(func(t *rapid.T) modelAction {
		return modelAction{rapid.SampledFrom(modelActions).Draw(t, "what"), rapid.IntRange(0, 10).Draw(t, "n")}
	})
	rapid.Check(t, func(rt *rapid.T) {
		client, polite := rapid.Bool().Draw(rt, "client"), rapid.Bool().Draw(rt, "polite")
		kind := rapid.SampledFrom([]string{"deadlines", "plain", "http2"}).Draw(rt, "stream")
		actions := rapid.SliceOfN(action, 1, 30).Draw(rt, "actions")
		if wrong := playModel(t, client, polite, kind, actions); len(wrong) > 0 {
			rt.Fatal(strings.Join(wrong, "\n"))
		}
	})
}
