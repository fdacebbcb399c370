package interop

import (
	"slices"
	"testing"
)

func TestChatReachesTheOthersAndBroadcastReachesAll(t *testing.T) {
	needNode(t)
	s := serve(t)
	type heard struct{ A, B []string }
	cases := []struct {
		path string
		want heard
	}{
		{"/chat", heard{A: []string{"from b"}, B: []string{"from a"}}},
		{"/broadcast", heard{A: []string{"from a", "from b"}, B: []string{"from a", "from b"}}},
	}
	for _, c := range cases {
		for _, library := range both {
			t.Run(c.path[1:]+"/"+string(library), func(t *testing.T) {
				var got heard
				library.does(t, s.ws(c.path), "room", nil, &got)
				if !slices.Equal(got.A, c.want.A) || !slices.Equal(got.B, c.want.B) {
					t.Errorf("heard %+v, want %+v", got, c.want)
				}
			})
		}
	}
}
