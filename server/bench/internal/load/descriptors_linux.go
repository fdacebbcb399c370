package load

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spare is how many descriptors a process needs beside those of its connections, at
// most: files, pipes and what the runtime has.
const spare = 64

// Enough says whether this process may have n connections, each of which takes a
// descriptor. A server that it starts has the same limit, for its own ends.
func Enough(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("websocket: limit of descriptors: %w", err)
	}
	if need := uint64(n) + spare; need > limit.Cur {
		return fmt.Errorf("websocket: %d connections take %d descriptors in the process of each side, and the limit is %d: "+
			"measure fewer (-conns), or raise it (ulimit -n %d)", n, need, limit.Cur, need)
	}
	return nil
}
