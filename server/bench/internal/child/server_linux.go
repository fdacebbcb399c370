package child

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/parleyws/parley/server/bench/internal/peers"
)

// maxWait is how long a server may take for anything.
const maxWait = 30 * time.Second

// Server is a process of its own that serves. Its methods are for one goroutine.
type Server struct {
	Addr net.Addr

	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers chan string // closed when the process has ended its output
}

// Start starts the echo server of a peer on its processor; on may be nil. It ends
// with [Server.Stop], or when this process does.
func Start(p peers.Peer, on *Processors) (*Server, error) { return start(on, echo, p.Name) }

// start starts a service.
func start(on *Processors, service ...string) (*Server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("websocket: start a server: %w", err)
	}
	s := &Server{cmd: exec.Command(program, append([]string{argument}, service...)...), answers: make(chan string)}
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("websocket: start a server: %w", err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err == nil {
		err = on.start(s.cmd)
	}
	if err != nil {
		s.stdin.Close()
		return nil, fmt.Errorf("websocket: start a server: %w", err)
	}
	go s.listen(stdout)
	line, err := s.answer()
	if err == nil {
		s.Addr, err = net.ResolveTCPAddr("tcp4", line)
	}
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("websocket: server %s: %w", strings.Join(service, " "), err)
	}
	return s, nil
}

func (s *Server) listen(stdout io.Reader) {
	defer close(s.answers)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		s.answers <- lines.Text()
	}
}

// answer waits for the server's next line.
func (s *Server) answer() (string, error) {
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case line, ok := <-s.answers:
		if !ok {
			return "", fmt.Errorf("websocket: the server has ended: %w", io.ErrUnexpectedEOF)
		}
		return line, nil
	case <-late.C:
		return "", fmt.Errorf("websocket: the server has said nothing for %v: %w", maxWait, os.ErrDeadlineExceeded)
	}
}

// tell tells the server a command and returns its answer.
func (s *Server) tell(command ...string) (answer string, err error) {
	if _, err := io.WriteString(s.stdin, strings.Join(command, " ")+"\n"); err != nil {
		return "", fmt.Errorf("websocket: server: %w", err)
	}
	line, err := s.answer()
	if err != nil {
		return "", err
	}
	answer, found := strings.CutPrefix(line, ok+" ")
	if !found {
		return "", fmt.Errorf("websocket: server: %s: %s", command[0], line)
	}
	return answer, nil
}

// order tells the server a command whose answer says nothing.
func (s *Server) order(command ...string) error {
	_, err := s.tell(command...)
	return err
}

// Collect has the server collect its garbage and give memory back to the system.
func (s *Server) Collect() error { return s.order(collect) }

// ProfileCPU has the server write a profile to a file, until stop is called.
func (s *Server) ProfileCPU(file string) (stop func() error, err error) {
	return func() error { return s.order(endCPU) }, s.order(beginCPU, file)
}

// ProfileHeap has the server write what is on its heap to a file.
func (s *Server) ProfileHeap(file string) error { return s.order(heapProfile, file) }

// Stop ends the process.
func (s *Server) Stop() {
	s.stdin.Close()
	late := time.AfterFunc(maxWait, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	for range s.answers { // until its output ends
	}
	s.cmd.Wait()
}

func (s *Server) pid() string { return strconv.Itoa(s.cmd.Process.Pid) }
