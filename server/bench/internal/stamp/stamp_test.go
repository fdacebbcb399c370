package stamp_test

import (
	"bytes"
	"testing"

	"github.com/parleyws/parley/server/bench/internal/stamp"
)

func TestAStampTakesTheFirstBytesOfAPayloadAndNoMore(t *testing.T) {
	p := stamp.Payload(stamp.Len + 2)
	s := stamp.Stamp{Number: 0x0102030405060708, Due: 0x1112131415161718}
	s.Put(p)
	want := []byte{1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 16, 17}
	if !bytes.Equal(p, want) {
		t.Errorf("% x, want % x", p, want)
	}
	if got := stamp.Of(p); got != s {
		t.Errorf("%+v, want %+v", got, s)
	}
}

func TestTheClockNeverGoesBack(t *testing.T) {
	last := stamp.Now()
	for range 1000 {
		now := stamp.Now()
		if now < last || now == 0 {
			t.Fatalf("%v after %v", now, last)
		}
		last = now
	}
}
