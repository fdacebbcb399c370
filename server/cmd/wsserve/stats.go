package main

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/parleyws/parley/conn"
)

// stats counts what passes, for /metrics.
type stats struct {
	open, accepted                  atomic.Int64
	messagesIn, messagesOut         atomic.Int64
	messageBytesIn, messageBytesOut atomic.Int64
}

func (s *stats) opened() {
	s.open.Add(1)
	s.accepted.Add(1)
}

func (s *stats) closed() { s.open.Add(-1) }

func (s *stats) received(m conn.Message) {
	s.messagesIn.Add(1)
	s.messageBytesIn.Add(int64(len(m.Data)))
}

func (s *stats) sent(m conn.Message) {
	s.messagesOut.Add(1)
	s.messageBytesOut.Add(int64(len(m.Data)))
}

// serveMetrics writes the counters in Prometheus' text format.
func (s *stats) serveMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, m := range []struct {
		name, kind, help string
		value            *atomic.Int64
	}{
		{"websocket_connections", "gauge", "Connections that are open.", &s.open},
		{"websocket_connections_total", "counter", "Connections that were accepted.", &s.accepted},
		{"websocket_messages_received_total", "counter", "Messages received.", &s.messagesIn},
		{"websocket_messages_sent_total", "counter", "Messages sent.", &s.messagesOut},
		{"websocket_message_bytes_received_total", "counter", "Bytes of messages received, inflated.", &s.messageBytesIn},
		{"websocket_message_bytes_sent_total", "counter", "Bytes of messages sent, before compression.", &s.messageBytesOut},
	} {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", m.name, m.help, m.name, m.kind, m.name, m.value.Load())
	}
}
