package conn_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
)

// Row 112, RFC 6455 section 8.1: the peer would fail the connection for it.
func TestTextThatIsNotUTF8IsNotSentRow112(t *testing.T) {
	ways := map[string]func(r *rig, text string) error{
		"Write":             func(r *rig, text string) error { return r.Write(bg, conn.Text, []byte(text)) },
		"WriteText":         func(r *rig, text string) error { return r.WriteText(bg, text) },
		"WriteUncompressed": func(r *rig, text string) error { return r.WriteUncompressed(bg, conn.Text, []byte(text)) },
		"NetConn.Write":     func(r *rig, text string) error { _, err := r.NetConn(conn.Text).Write([]byte(text)); return err },
		"NextWriter": func(r *rig, text string) error {
			w, err := r.NextWriter(bg, conn.Text)
			if err != nil {
				return err
			}
			_, err = w.WriteString(text)
			return errors.Join(err, w.Close())
		},
	}
	for way, write := range ways {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, careless := newRig(t, rigOptions{}), newRig(t, rigOptions{Options: conn.Options{SkipUTF8Sent: true}})
				for _, text := range []string{
					"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "good and \x80",
					strings.Repeat("long ", 1000) + "\xfe",
				} {
					if err := write(r, text); !errors.Is(err, conn.ErrNotUTF8) {
						t.Errorf("%.20q: %v", text, err)
					}
					if err := write(careless, text); err != nil {
						t.Errorf("%.20q with SkipUTF8Sent: %v", text, err)
					}
					if frames := careless.hears(); len(frames) != 1 || frames[0].payload != text {
						t.Errorf("%.20q with SkipUTF8Sent is heard as %q", text, said(frames))
					}
				}
				if err := write(r, "schön"); err != nil {
					t.Error(err)
				}
				if err := r.Write(bg, conn.Binary, []byte("\xff")); err != nil {
					t.Error(err)
				}
				r.expectHeard("text schön", "binary \xff")
				r.expectUsable(nil)
			})
		})
	}
}

// Row 112: wherever a streamed text is cut.
func TestAStreamedTextIsCheckedAcrossWritesRow112(t *testing.T) {
	ways := map[string]func(w *conn.MessageWriter, piece string) error{
		"Write":       func(w *conn.MessageWriter, p string) error { _, err := w.Write([]byte(p)); return err },
		"WriteString": func(w *conn.MessageWriter, p string) error { _, err := w.WriteString(p); return err },
		"ReadFrom":    func(w *conn.MessageWriter, p string) error { _, err := w.ReadFrom(strings.NewReader(p)); return err },
	}
	for _, tc := range []struct {
		text string
		bad  int // the byte that nothing can mend, or the length if it is the end
	}{
		{"€uro", -1}, {"naïve 🙂", -1}, {"", -1},
		{"a\xffb", 1}, {"\xc0\x80", 0}, {"x\xed\xa0\x80", 2}, {"\xf4\x90\x80\x80", 1}, {"\xe2\x82x", 2},
		{"€\xe2\x82", 5}, {"\xf0\x9f\x99", 3},
	} {
		for way, write := range ways {
			for cut := range len(tc.text) + 1 {
				for _, flush := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, rigOptions{})
						w, err := r.NextWriter(bg, conn.Text)
						if err != nil {
							t.Fatal(err)
						}
						first := write(w, tc.text[:cut])
						left := flush && first == nil && cut > 0
						if flush && first == nil {
							first = w.Flush()
						}
						second := write(w, tc.text[cut:])
						last := w.Close()
						var at int
						switch {
						case first != nil:
							at, err = 0, first
						case second != nil:
							at, err = cut, second
						case last != nil:
							at, err = len(tc.text), last
						default:
							if tc.bad >= 0 {
								t.Errorf("%s %q is sent", way, tc.text)
							}
							return
						}
						if tc.bad < at || tc.bad < 0 || !errors.Is(err, conn.ErrNotUTF8) {
							t.Errorf("%s %q cut at %d: %v", way, tc.text, cut, err)
						}
						if left != errors.Is(err, conn.ErrPartialWrite) {
							t.Errorf("%s %q cut at %d, sent %v: %v", way, tc.text, cut, left, err)
						}
						if !left {
							r.expectUsable(nil)
						}
					})
				}
			}
		}
	}
}
