package fuzz_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/parleyws/parley/fuzz"
)

// asked says that TestFaultyCodecs was asked for, by the test below.
const asked = "PARLEY_TEST_FAULTY_CODECS"

// TestFaultyCodecs must fail. It is skipped unless it is asked for.
func TestFaultyCodecs(t *testing.T) {
	if os.Getenv(asked) == "" {
		t.Skip("runs only inside TestAFaultFailsTheSubtestOfItsCase")
	}
	t.Run("text", func(t *testing.T) { fuzz.Text(t, looseValidator{takeSurrogates: true}.valid) })
	t.Run("close", func(t *testing.T) {
		fuzz.ClosePayloads(t, func(p []byte) (int, string, error) { return int(p[0])<<8 | int(p[1]), string(p[2:]), nil })
	})
	t.Run("frames", func(t *testing.T) { fuzz.Frames(t, looseDecoder{takeReserved: true}.decode) })
}

func TestAFaultFailsTheSubtestOfItsCase(t *testing.T) {
	if os.Getenv(asked) != "" {
		t.Skip("is running already")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestFaultyCodecs$", "-test.v")
	cmd.Env = append(os.Environ(), asked+"=1")
	b, err := cmd.CombinedOutput()
	out := string(b)
	if err == nil {
		t.Error("faulty codecs pass")
	}
	for _, line := range []string{
		"--- FAIL: TestFaultyCodecs/text/surrogate_U+DFFF ",
		"--- PASS: TestFaultyCodecs/text/boundary_U+0000 ",
		"RFC 3629 3: accepted, but byte 1 cannot stand there",
		"--- FAIL: TestFaultyCodecs/close/code_1006 ",
		"--- PASS: TestFaultyCodecs/close/code_1000 ",
		"RFC 6455 7.4.1: not refused, but it breaks RFC 6455 7.4: close with 1002",
		"--- FAIL: TestFaultyCodecs/close/empty_payload ",
		"panics: runtime error: slice bounds out of range",
		"--- FAIL: TestFaultyCodecs/frames/reserved_opcode_3_from_the_server ",
		"--- PASS: TestFaultyCodecs/frames/continuation_first ",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("the output lacks %q", line)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
