package peers

import (
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// gorillaLoop is the echo server of gorilla's examples, with the pool of write
// buffers that its documentation recommends for many connections.
func gorillaLoop(l net.Listener) error {
	up := websocket.Upgrader{WriteBufferPool: &sync.Pool{}}
	return overHTTP(l, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			t, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			if c.WriteMessage(t, data) != nil {
				return
			}
		}
	})
}
