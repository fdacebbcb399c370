package deflate

import (
	"errors"
	"testing"
)

func TestBytesAreToldInTheirUnit(t *testing.T) {
	for n, want := range map[float64]string{
		-3: "0", 0.2: "0", 1: "1 B", 112.4: "112 B", 1023: "1023 B", 1024: "1 KiB", 8301: "8.11 KiB",
		32.5 * 1024: "32.5 KiB", 800 * 1024: "800 KiB", 1.15 * (1 << 20): "1.15 MiB", 27.96 * (1 << 20): "28 MiB",
	} {
		if got := bytesCell(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

func TestDigitsAreAboutThree(t *testing.T) {
	for x, want := range map[float64]string{0.5: "0.5", 9.876: "9.88", 10: "10", 98.76: "98.8", 100: "100", 120: "120", 12345.6: "12346"} {
		if got := digits(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestATableThatCannotBeWrittenIsAnError(t *testing.T) {
	if err := WriteMarkdown(broken{}, nil); err != errBroken {
		t.Error(err)
	}
}
