package peers

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// coderLoop reads and writes whole messages. A context that can end would cost it
// more.
func coderLoop(l net.Listener) error {
	return overHTTP(l, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		ctx := context.Background()
		for {
			t, data, err := c.Read(ctx)
			if err != nil {
				return
			}
			if c.Write(ctx, t, data) != nil {
				return
			}
		}
	})
}
