package child

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns how long the server has computed, in user and kernel mode.
func (s *Server) CPU() (time.Duration, error) {
	// clock_getcpuclockid(3): the clock of another process.
	return clock(int32(^uint32(s.cmd.Process.Pid)<<3 | 2))
}

// OwnCPU returns how long this process has computed.
func OwnCPU() (time.Duration, error) { return clock(unix.CLOCK_PROCESS_CPUTIME_ID) }

func clock(id int32) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0, fmt.Errorf("websocket: processor time: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory returns the server's proportional share of memory, in bytes: its own
// pages, and its part of those that it shares with others.
func (s *Server) Memory() (int64, error) {
	rollup, err := os.ReadFile("/proc/" + s.pid() + "/smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("websocket: memory: %w", err)
	}
	return proportional(rollup)
}

// proportional finds the Pss of proc_pid_smaps(5), in kB of 1024.
func proportional(rollup []byte) (int64, error) {
	for line := range bytes.Lines(rollup) {
		if rest, found := bytes.CutPrefix(line, []byte("Pss:")); found {
			fields := bytes.Fields(rest)
			if len(fields) == 2 {
				kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
				return kib << 10, err
			}
		}
	}
	return 0, fmt.Errorf("websocket: memory: no Pss in %.60q", rollup)
}
