package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Processors says which of the machine's processors are whose. nil leaves that to
// the system.
type Processors struct {
	Server, Clients int
}

// Part gives this process, the clients', a processor of its own and keeps another
// for the servers that it starts. It returns nil if there is only one. Every call
// returns the same.
func Part() (*Processors, error) { return part() }

// part looks once: afterwards this process sees only the processor that it has.
var part = sync.OnceValues(func() (*Processors, error) {
	var mine unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mine); err != nil {
		return nil, fmt.Errorf("websocket: processors: %w", err)
	}
	var all []int
	for i := 0; len(all) < mine.Count(); i++ {
		if mine.IsSet(i) {
			all = append(all, i)
		}
	}
	if len(all) < 2 {
		return nil, nil
	}
	p := &Processors{Server: all[0], Clients: all[1]}
	// Threads to come inherit it from the thread that makes them.
	threads, err := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		if id, e := strconv.Atoi(t.Name()); e == nil && err == nil {
			err = bind(id, p.Clients)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("websocket: processors: %w", err)
	}
	return p, nil
})

func bind(thread, processor int) error {
	var set unix.CPUSet
	set.Set(processor)
	err := unix.SchedSetaffinity(thread, &set)
	if err == unix.ESRCH { // it has ended
		return nil
	}
	return err
}

// start starts cmd on the servers' processor, which it inherits from the thread
// that starts it.
func (p *Processors) start(cmd *exec.Cmd) error {
	if p == nil {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := bind(0, p.Server); err != nil {
		return err
	}
	err := cmd.Start()
	if e := bind(0, p.Clients); err == nil && e != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return e
	}
	return err
}
