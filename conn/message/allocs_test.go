package message_test

import (
	"fmt"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// Connections outnumber everything else: what each message allocates, the
// collector pays for.
func TestMessageThatIsNotCompressedCostsNoAllocation(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		for _, size := range []int{0, 32, 1 << 10, 64 << 10} {
			t.Run(fmt.Sprintf("client %v, %d bytes", fromClient, size), func(t *testing.T) {
				e := &message.Encoder{FromClient: fromClient}
				d := settings{}.decoder(fromClient)
				payload := benchmarkText(size)
				buf := make([]byte, 0, size+1024)
				var err error
				var got int
				encode := testing.AllocsPerRun(100, func() {
					if buf, err = e.AppendMessage(buf[:0], frame.Text, payload); err != nil {
						t.Fatal(err)
					}
				})
				// Each run decodes a message of its own, in two pieces, with a
				// ping in two pieces after it.
				decode := testing.AllocsPerRun(100, func() {
					if buf, err = e.AppendMessage(buf[:0], frame.Text, payload); err != nil {
						t.Fatal(err)
					}
					if buf, err = e.AppendControl(buf, frame.Ping, payload[:min(size, 32)]); err != nil {
						t.Fatal(err)
					}
					got = 0
					for _, p := range [2][]byte{buf[:size/2], buf[size/2:]} {
						for {
							ev, n, err := d.Next(p)
							if err != nil {
								t.Fatal(err)
							}
							if p = p[n:]; ev.Opcode == 0 {
								break
							}
							got += len(ev.Payload)
						}
					}
				})
				if encode != 0 || decode != 0 {
					t.Errorf("%v allocations to encode, %v to encode and decode", encode, decode)
				}
				if want := size + min(size, 32); got != want {
					t.Errorf("%d bytes arrived, want %d", got, want)
				}
			})
		}
	}
}
