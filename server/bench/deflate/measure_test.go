package deflate

import (
	"errors"
	"slices"
	"testing"
)

// fake is an endpoint whose connections keep so many bytes, and which notes who has
// its turn.
type fake struct {
	name           string
	shared         []byte
	compress, read int // bytes kept for it
	order          *[]string
}

type fakeConn struct {
	*fake
	kept []byte
}

func (f *fake) Compressor() Compressor     { return &fakeConn{f, make([]byte, f.compress)} }
func (f *fake) Decompressor() Decompressor { return &fakeConn{f, make([]byte, f.read)} }

func (c *fakeConn) Compress(message []byte) ([]byte, bool) {
	if c.order != nil {
		*c.order = append(*c.order, c.name)
	}
	c.kept[0]++
	return message, false
}

func (c *fakeConn) Decompress(wire []byte) ([]byte, error) {
	c.kept[0]++
	for _, all := range wantRead {
		if m, ok := all[string(wire)]; ok {
			return []byte(m), nil
		}
	}
	return nil, errors.New("not in the recording")
}

// wantRead is what wires stand for.
var wantRead []map[string]string

func fakeCase(t *testing.T) Case {
	c := newCase(64, false, 2)
	wires, err := c.record(15)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for i, m := range c.all() {
		all[string(wires[i])] = string(m)
	}
	wantRead = []map[string]string{all}
	return c
}

func TestWhatIsKeptIsFound(t *testing.T) {
	c := fakeCase(t)
	res, err := Measure(&c, []Way{{"fake", 15, func(bool, *Scratch) (Endpoint, error) {
		return &fake{shared: make([]byte, 3<<20), compress: 200 << 10, read: 48 << 10}, nil
	}, 1}}, 3, 40)
	if err != nil {
		t.Fatal(err)
	}
	row := res.Rows[0]
	for _, kept := range []struct {
		name      string
		got, want float64
	}{
		{"to compress", row.Compress.Kept, 200 << 10},
		{"to inflate", row.Inflate.Kept, 48 << 10},
		{"shared", row.Shared, 3 << 20},
	} {
		if kept.got < 0.95*kept.want || kept.got > 1.05*kept.want {
			t.Errorf("%s: %.0f bytes, want about %.0f", kept.name, kept.got, kept.want)
		}
	}
	if row.Ratio != 1 {
		t.Errorf("nothing is compressed, and the ratio is %v", row.Ratio)
	}
}

func TestEveryRoundBeginsWithAnotherWay(t *testing.T) {
	c := fakeCase(t)
	var order []string
	var ways []Way
	for _, name := range []string{"a", "b", "c"} {
		ways = append(ways, Way{name, 15, func(bool, *Scratch) (Endpoint, error) {
			return &fake{name: name, compress: 1, read: 1, order: &order}, nil
		}, 1})
	}
	res, err := Measure(&c, ways, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Before the rounds each is asked whether it is right.
	want := []string{"a", "b", "c", "a", "b", "c", "b", "c", "a", "c", "a", "b", "a", "b", "c"}
	if got := slices.Compact(order); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("order %v, want %v", got, want)
	}
	for _, row := range res.Rows {
		if len(row.Compress.Rounds) != 4 || len(row.Inflate.Rounds) != 4 {
			t.Errorf("%s: %+v", row.Way, row)
		}
	}
}

func TestMeasuringSaysWhatItCannotDo(t *testing.T) {
	c := fakeCase(t)
	failure := errors.New("cannot be opened")
	ways := []Way{{"none", 15, func(bool, *Scratch) (Endpoint, error) { return nil, failure }, 1}}
	for _, x := range []struct {
		rounds, connections int
		want                error
	}{{0, 1, errNoRounds}, {1, 0, errNoConnections}, {1, 1, failure}} {
		if _, err := Measure(&c, ways, x.rounds, x.connections); !errors.Is(err, x.want) {
			t.Errorf("%d rounds, %d connections: %v, want %v", x.rounds, x.connections, err, x.want)
		}
	}
}
