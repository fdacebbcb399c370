package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
	parley "github.com/parleyws/parley/server"
)

// inDoorProcess says that this process is the one that startHTTP2Doors made.
const inDoorProcess = "PARLEY_HTTP2_DOORS"

// http2Doors are servers of HTTP/2 in a process of their own.
type http2Doors struct {
	Parts  []string // addresses of partsDoors, one for each of the options
	Server string   // address of a server.Server
}

// startHTTP2Doors starts servers in a process of their own, which ends with the
// test: net/http looks for http2xconnect in the environment before anything of
// ours runs. The process is this program again; see TestMain.
func startHTTP2Doors(t *testing.T) (doors http2Doors) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program)
	process.Env = append(os.Environ(), inDoorProcess+"=1",
		"GODEBUG=http2xconnect=1", // RFC 8441 is off without
		"GORACE=atexit_sleep_ms=10")
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // asks it to end
		if err := process.Wait(); err != nil {
			t.Errorf("the process of the HTTP/2 doors ended with %v", err)
		}
	})
	if err := json.NewDecoder(stdout).Decode(&doors); err != nil {
		t.Fatalf("the process of the HTTP/2 doors does not say where they are: %v", err)
	}
	return doors
}

// serveHTTP2Doors is what the process of startHTTP2Doors does, until standard
// input ends. It returns its exit status.
func serveHTTP2Doors() int {
	if err := openHTTP2Doors(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// openHTTP2Doors opens the doors and says where they are.
func openHTTP2Doors() error {
	_, list, err := openings()
	if err != nil {
		return err
	}
	var doors http2Doors
	for _, opts := range list {
		origins, err := handshake.ParseOrigins(opts.Origins)
		if err != nil {
			return err
		}
		addr, err := serveHTTP2(partsDoor{opts, origins})
		if err != nil {
			return err
		}
		doors.Parts = append(doors.Parts, addr)
	}
	if doors.Server, err = serveHTTP2(&parley.Server{}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(doors)
}

// serveHTTP2 serves h over HTTP/2 in the clear, on a free port, for as long as
// the process lives.
func serveHTTP2(h http.Handler) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, Protocols: new(http.Protocols), MaxHeaderBytes: 12 << 10} // as Server.Serve has it
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	return l.Addr().String(), nil
}

// partsDoor accepts WebSockets over HTTP/2 as RFC 8441 wants it, made of the
// parts of package handshake alone, and sends back every byte.
type partsDoor struct {
	opts    parley.Options
	origins handshake.Origins
}

func (d partsDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, resp, err := d.judge(r)
	if err == nil {
		err = resp.SetHeader(w.Header(), req)
	}
	if err != nil {
		handshake.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	rc.Flush()
	b := make([]byte, 512)
	for {
		n, err := r.Body.Read(b)
		w.Write(b[:n])
		rc.Flush()
		if err != nil {
			return
		}
	}
}

// judge decides as server.Server does, and in the same order.
func (d partsDoor) judge(r *http.Request) (req handshake.Request, resp handshake.Response, err error) {
	if req, err = handshake.ParseRequest(r); err != nil {
		return req, resp, err
	}
	if err := handshake.SameOrigin(r); err != nil && !d.opts.InsecureSkipOriginCheck {
		if len(d.opts.Origins) > 0 {
			err = d.origins.Check(r)
		}
		if err != nil {
			return req, resp, err
		}
	}
	for _, ours := range d.opts.Subprotocols {
		if slices.Contains(req.Subprotocols, ours) {
			resp.Subprotocol = ours
			break
		}
	}
	if d.opts.Deflate == nil {
		return req, resp, nil
	}
	offers, err := handshake.ParseExtensions(req.Extensions)
	if err != nil {
		return req, resp, err
	}
	for _, ext := range offers {
		if ext.Name != deflate.Name {
			continue
		}
		if offer, err := deflate.ParseOffer(ext.Params()); err == nil {
			if agreed, ok := d.opts.Deflate.Accept(offer); ok {
				resp.Extensions = []handshake.Extension{handshake.NewExtension(deflate.Name, agreed.All())}
				break
			}
		}
	}
	return req, resp, nil
}
