package handshake

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// hostile makes strings of n bytes or a little less that other parsers took too
// long for, or might: H3.
var hostile = map[string]func(n int) string{
	"spaces inside":       func(n int) string { return "b" + strings.Repeat(" ", n-2) + "x" },
	"spaces":              func(n int) string { return strings.Repeat(" ", n) },
	"tabs inside":         func(n int) string { return "b" + strings.Repeat("\t", n-2) + "x" },
	"commas":              func(n int) string { return strings.Repeat(",", n) },
	"commas and spaces":   func(n int) string { return strings.Repeat(" ,", n/2) },
	"semicolons":          func(n int) string { return "a" + strings.Repeat(";", n-1) },
	"parameters":          func(n int) string { return "a" + strings.Repeat(";a", (n-1)/2) },
	"long parameters":     func(n int) string { return "a" + strings.Repeat("; "+strings.Repeat("b", n/90), 80) },
	"long list":           func(n int) string { return longList(n) },
	"escapes not closed":  func(n int) string { return `a; b="` + strings.Repeat(`\c`, (n-6)/2) },
	"quoted, not closed":  func(n int) string { return `a; b="` + strings.Repeat(`c`, n-6) },
	"quotes":              func(n int) string { return strings.Repeat(`"`, n) },
	"one token":           func(n int) string { return strings.Repeat("a", n) },
	"one token, quoted":   func(n int) string { return `a; b="` + strings.Repeat("c", n-7) + `"` },
	"escaped, and closed": func(n int) string { return `a; b="` + strings.Repeat(`\c`, (n-7)/2) + `"` },
	"digits":              func(n int) string { return strings.Repeat("1", n) },
	"labels":              func(n int) string { return strings.Repeat("a.", n/2) },
	"origin of labels":    func(n int) string { return "http://" + strings.Repeat("a.", (n-7)/2) },
	"IPv6":                func(n int) string { return "http://[" + strings.Repeat(":", n-8) },
	"percent signs":       func(n int) string { return strings.Repeat("%41", n/3) },
	"8-bit":               func(n int) string { return strings.Repeat("\xE9", n) },
}

// longList returns as many elements as are read, all distinct.
func longList(n int) string {
	var b strings.Builder
	for i := range 90 {
		fmt.Fprintf(&b, "%s%02d, ", strings.Repeat("a", n/90-4), i)
	}
	return b.String()
}

// hostileFields are where the strings stand in a head, one at a time.
var hostileFields = []string{
	"Host", "Origin", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Accept",
	"Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X-Other",
}

// growing are the ways that a peer's strings come in, each with the longest
// string that its limits let through.
var growing = map[string]struct {
	most int
	work func(s string)
}{
	"ParseRequest": {16 << 10, func(s string) {
		for _, name := range hostileFields {
			r := &http.Request{Method: "GET", ProtoMajor: 1, ProtoMinor: 1, Host: "example.com", Header: http.Header{
				"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {sampleKey},
			}}
			if name == "Host" {
				r.Host = s
			} else {
				r.Header[http.CanonicalHeaderKey(name)] = []string{s}
			}
			req, err := ParseRequest(r)
			ParseExtensions(req.Extensions)
			SameOrigin(r)
			HeadLimits{}.Check(r)
			AppendRefusal(nil, err)
		}
	}},
	"Head.Parse, a byte more each time": {8000, func(s string) {
		for _, head := range hostileHeads(s) {
			var h Head
			n := 1
			for {
				_, err := h.Parse(head[:n])
				if err != io.ErrUnexpectedEOF || n == len(head) {
					break
				}
				n++
			}
			h.Request()
			h.SameOrigin(false)
			h.Get("X-None")
		}
	}},
	"ReadHead, a byte at a time": {8000, func(s string) {
		for _, head := range hostileHeads(s) {
			var h Head
			if _, err := ReadHead(iotest.OneByteReader(strings.NewReader(string(head))), &h, nil); err == nil {
				req, _ := h.Request()
				ParseExtensions(req.Extensions)
			}
		}
	}},
	"ReadResponse, a byte at a time": {15000, func(s string) {
		const start = "HTTP/1.1 101 Switching Protocols\r\n"
		for _, name := range hostileFields {
			stream := start + name + ": " + s + "\r\n"
			for _, line := range strings.SplitAfter(strings.TrimPrefix(agreed, start), "\r\n") {
				if !strings.HasPrefix(line, name) {
					stream += line
				}
			}
			resp, _, err := ReadResponse(iotest.OneByteReader(strings.NewReader(stream)), nil)
			if err == nil {
				ParseResponse(resp, asking)
			}
		}
	}},
	"lists": {16 << 10, func(s string) {
		ParseExtensions([]string{s})
		ParseSubprotocols([]string{s})
		ParseExtensions(strings.SplitAfter(s, ","))
		ParseSubprotocols(strings.SplitAfter(s, ","))
		ParseExtensions(strings.SplitAfter(s, " "))
	}},
	"origins": {16 << 10, func(s string) {
		ParseOrigins([]string{s, "https://*." + s})
		list, _ := ParseOrigins([]string{"https://*.example.com", "http://a"})
		for _, origin := range []string{s, "http://" + s, "https://" + s + ".example.com", s + "://a"} {
			list.Check(fromPage("example.com", false, origin))
			SameOrigin(fromPage(s, false, origin))
		}
	}},
	"what a caller gives": {16 << 10, func(s string) {
		u := &url.URL{Scheme: "ws", Host: "example.com", Path: "/" + s, RawQuery: s}
		AppendRequest(nil, u, Request{Key: sampleKey, Subprotocols: []string{s}, Extensions: []string{s}}, nil)
		AppendRequest(nil, &url.URL{Scheme: "ws", Host: s}, Request{Key: sampleKey}, nil)
		CheckHeader(http.Header{s: {"1"}, "X": {s}})
		AppendResponse(nil, Response{Subprotocol: s}, Request{Key: s, Subprotocols: []string{s}}, nil)
		AppendRefusal(nil, &Error{Status: 400, Reason: s, Header: http.Header{"X": {s}, s: {"1"}}})
	}},
}

// hostileHeads returns requests with s in a field, in the target, or for a name.
func hostileHeads(s string) (heads [][]byte) {
	for _, name := range hostileFields {
		head := "GET / HTTP/1.1\r\n" + name + ": " + s + "\r\n"
		for _, line := range strings.SplitAfter(strings.TrimPrefix(browser, "GET /chat HTTP/1.1\r\n"), "\r\n") {
			if !strings.HasPrefix(line, name) {
				head += line
			}
		}
		heads = append(heads, []byte(head))
	}
	return append(heads,
		[]byte("GET /"+s+" HTTP/1.1\r\nHost: a\r\n\r\n"),
		[]byte(s+"/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		[]byte("GET / HTTP/1.1\r\nHost: a\r\n"+s+": x\r\n\r\n"))
}

// TestGrowthIsLinear is test H3, and H1 of heads that come a byte at a time:
// twice the input makes at most 2.2 times the work. The work is counted, not
// timed: the statements that are executed here, in the packages that do the
// searching for us and in those that read a response's lines. What the
// processor does within one call of an assembly routine, such as the search for
// a byte, counts as one. A buffer that is copied again and again shows in the
// bytes of memory that are taken; since buffers grow in steps, these may be
// three times as many, where squares are four.
//
// The counters are those of the go command's coverage, so the test builds
// itself once more, and runs itself for each string.
func TestGrowthIsLinear(t *testing.T) {
	const variable = "HANDSHAKE_GROWTH"
	if job, ok := os.LookupEnv(variable); ok {
		growthJob(job)
		return
	}
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the standard library with counters when that is not in the cache")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to count with: ", err)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "growth.exe")
	build := exec.Command(goCommand, "test", "-c", "-o", binary, "-covermode=count",
		"-coverpkg="+strings.Join([]string{"github.com/parleyws/parley/handshake", "bufio", "bytes", "net/textproto", "slices", "strings"}, ","), ".")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOTOOLCHAIN=local")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	count := func(t *testing.T, job string) (statements, bytes int) {
		t.Helper()
		profile := filepath.Join(t.TempDir(), "profile")
		run := exec.Command(binary, "-test.run=^TestGrowthIsLinear$", "-test.coverprofile="+profile)
		run.Env = append(os.Environ(), variable+"="+job)
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", job, err, out)
		}
		if _, err := fmt.Sscanf(string(out), "%d bytes", &bytes); err != nil {
			t.Fatalf("%s: %v\n%s", job, err, out)
		}
		return executed(t, profile), bytes
	}
	idle, _ := count(t, "")
	t.Run("doors", func(t *testing.T) {
		for door, way := range growing {
			t.Run(door, func(t *testing.T) {
				t.Parallel()
				for name := range hostile {
					job := func(n int) string { return door + "/" + name + "/" + strconv.Itoa(n) }
					half, halfBytes := count(t, job(way.most/2))
					whole, wholeBytes := count(t, job(way.most))
					half, whole = half-idle, whole-idle
					if half <= 0 {
						t.Fatalf("%s: %d statements beside %d of an idle run", name, half, idle)
					}
					if 10*whole > 22*half+1000 || wholeBytes > 3*halfBytes+(8<<10) {
						t.Errorf("%s: %d bytes make %d statements and take %d bytes of memory, %d bytes %d and %d",
							name, way.most/2, half, halfBytes, way.most, whole, wholeBytes)
					}
				}
			})
		}
	})
}

// growthJob does what a run of TestGrowthIsLinear is counted for, and prints
// how much memory it took.
func growthJob(job string) {
	var before, after runtime.MemStats
	if door, rest, ok := strings.Cut(job, "/"); ok {
		name, length, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(length)
		if err != nil {
			panic(err)
		}
		work, s := growing[door].work, hostile[name](n)
		runtime.ReadMemStats(&before)
		work(s)
		runtime.ReadMemStats(&after)
	}
	fmt.Println(after.TotalAlloc-before.TotalAlloc, "bytes")
}

// executed returns how many statements were executed according to a profile of
// go test: lines of a place, a number of statements and a count.
func executed(t *testing.T, profile string) (sum int) {
	t.Helper()
	f, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue // the mode
		}
		statements, err1 := strconv.Atoi(fields[1])
		times, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil {
			t.Fatalf("line %q", lines.Text())
		}
		sum += statements * times
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return sum
}
