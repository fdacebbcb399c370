package peers

import (
	"net"
	"net/http"

	"github.com/lxzan/gws"
)

// gwsEvents reads each connection on a new goroutine, as gws' documentation
// recommends, so that net/http's own can end.
func gwsEvents(l net.Listener) error {
	up := gws.NewUpgrader(gwsEcho{}, nil)
	return overHTTP(l, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r)
		if err != nil {
			return
		}
		go c.ReadLoop()
	})
}

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}
