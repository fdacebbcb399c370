package child

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
)

// argument is the first of a process that is to be a server; the others say which.
const argument = "-be-the-server"

// Asked reports whether this process was started to be a server. Then it must call
// [Main] before it does anything else.
func Asked() bool { return len(os.Args) > 2 && os.Args[1] == argument }

// Main serves until standard input ends, and returns the exit status. The first
// line on standard output is the address; each line on standard input is a command,
// answered with a line: "ok", with something behind it or not, or what is wrong.
func Main() (status int) {
	s, err := newService(os.Args[2:])
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("tcp4", "127.0.0.1:0"); err == nil {
			fmt.Println(l.Addr())
			go s.run(l)
			s.obey(os.Stdin, os.Stdout)
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (s service) run(l net.Listener) {
	err := s.serve(l)
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Commands to every server.
const (
	collect     = "collect"      // all garbage, and give the memory back
	beginCPU    = "profile-cpu"  // into the file that is named behind it
	endCPU      = "profile-ends" //
	heapProfile = "profile-heap" // into the file that is named behind it
)

func (s service) obey(commands io.Reader, answers io.Writer) {
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		name, arg, _ := strings.Cut(lines.Text(), " ")
		answer, err := s.do(name, arg)
		if err != nil {
			fmt.Fprintf(answers, "%q\n", err)
		} else {
			fmt.Fprintf(answers, "%s %s\n", ok, answer)
		}
	}
}

const ok = "ok"

func (s service) do(name, arg string) (answer string, err error) {
	if f := s.commands[name]; f != nil {
		return f(arg)
	}
	return "", do(name, arg)
}

func do(name, file string) error {
	switch name {
	case collect:
		// What is in a sync.Pool goes with the second collection; a stack is
		// halved by each.
		for range 4 {
			runtime.GC()
		}
		debug.FreeOSMemory()
		return nil
	case beginCPU:
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		return pprof.StartCPUProfile(f)
	case endCPU:
		pprof.StopCPUProfile()
		return nil
	case heapProfile:
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		return pprof.Lookup("heap").WriteTo(f, 0)
	}
	return fmt.Errorf("no command %q", name)
}
