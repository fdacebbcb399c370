package deflate

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestChatIsJSONOfTheSizeAskedFor(t *testing.T) {
	for _, size := range []int{56, 64, 127, 128, 129, 300, 511, 512, 513, 1 << 10, 5000, 16 << 10} {
		chat := NewChat(1)
		for range 200 {
			b := chat.Append([]byte("before"), size)
			if !bytes.HasPrefix(b, []byte("before")) || len(b) != len("before")+size {
				t.Fatalf("%d bytes: got %q", size, b)
			}
			if !json.Valid(b[len("before"):]) {
				t.Fatalf("%d bytes: no JSON: %s", size, b)
			}
		}
	}
}

func TestChatNumbersAndTimesGrow(t *testing.T) {
	type message struct {
		ID, TS     int64
		Room, User string
		Text       string
	}
	chat := NewChat(2)
	var last message
	rooms := make(map[string]int)
	for range 50 {
		var all []message
		if err := json.Unmarshal(chat.Append(nil, 4<<10), &all); err != nil {
			t.Fatal(err)
		}
		if len(all) < 10 {
			t.Fatalf("%d messages in 4 KiB", len(all))
		}
		for _, m := range all {
			if m.ID != last.ID+1 && last.ID != 0 || m.TS < last.TS || m.User == "" || m.Text == "" {
				t.Fatalf("after %+v comes %+v", last, m)
			}
			rooms[m.Room]++
			last = m
		}
	}
	if len(rooms) < 5 || rooms["r0"] < 2*rooms["r3"] {
		t.Errorf("rooms are talked in so often: %v", rooms)
	}
}

func TestChatIsTheSameEachTime(t *testing.T) {
	a, b, other := NewChat(3), NewChat(3), NewChat(4)
	for range 20 {
		first := a.Append(nil, 1000)
		if !bytes.Equal(first, b.Append(nil, 1000)) {
			t.Error("two of the same number differ")
		}
		if bytes.Equal(first, other.Append(nil, 1000)) {
			t.Error("two of different numbers do not differ")
		}
	}
}

func TestAConnectionHasSeenMoreThanAWindowBeforeItIsMeasured(t *testing.T) {
	for _, c := range Cases() {
		had := 0
		for _, m := range c.before {
			had += len(m)
		}
		if had <= windowMost {
			t.Errorf("%s: %d bytes", c.Name(), had)
		}
		if len(c.messages) == 0 {
			t.Errorf("%s: nothing to measure", c.Name())
		}
		for _, m := range c.messages {
			if len(m) != c.Size {
				t.Errorf("%s: a message of %d bytes", c.Name(), len(m))
			}
		}
	}
}
