package child

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/broadcaster"
	"github.com/parleyws/parley/server/bench/internal/peers"
)

// service is what the process does.
type service struct {
	serve func(net.Listener) error

	// commands are what it knows beside those that every service knows.
	commands map[string]command
}

// command obeys a command. What is behind its name is arg.
type command func(arg string) (answer string, err error)

// newService returns the service that the arguments of the process ask for.
func newService(args []string) (service, error) {
	switch {
	case len(args) == 2 && args[0] == echo:
		list, err := peers.Named(args[1:])
		if err != nil {
			return service{}, err
		}
		return service{serve: list[0].Serve}, nil
	case len(args) == 3 && args[0] == broadcast:
		bytes, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return service{}, err
		}
		full, err := strconv.ParseUint(args[2], 10, 8)
		if err != nil {
			return service{}, err
		}
		b := broadcaster.New(bytes, conn.QueuePolicy(full))
		return service{b.Serve, broadcasts(b)}, nil
	}
	return service{}, fmt.Errorf("no service %q", strings.Join(args, " "))
}

// Kinds of services.
const (
	echo      = "echo"
	broadcast = "broadcast"
)

// Commands to a broadcaster.
const (
	await  = "await"  // so many subscribers
	fill   = "fill"   // the queues of so many, with messages of so many bytes
	begin  = "begin"  // a series; the answer is when its first message is due
	counts = "counts" // when it is sent
)

func broadcasts(b *broadcaster.Broadcaster) map[string]command {
	return map[string]command{
		await: func(arg string) (string, error) {
			n, err := strconv.Atoi(arg)
			if err == nil {
				b.Await(n)
			}
			return "", err
		},
		fill: func(arg string) (string, error) {
			var n, size int
			if _, err := fmt.Sscan(arg, &n, &size); err != nil {
				return "", err
			}
			return "", b.Fill(n, size)
		},
		begin: func(arg string) (string, error) {
			var s broadcaster.Series
			if err := json.Unmarshal([]byte(arg), &s); err != nil {
				return "", err
			}
			return strconv.FormatInt(int64(b.Begin(s)), 10), nil
		},
		counts: func(string) (string, error) {
			s, err := json.Marshal(b.Stats())
			return string(s), err
		},
	}
}
