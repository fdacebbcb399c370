package peers

import "net"

// bareTCP has a goroutine for each connection, which reads and writes what it has
// read.
func bareTCP(l net.Listener) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go echoBytes(nc)
	}
}

func echoBytes(nc net.Conn) {
	defer nc.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		if _, err := nc.Write(buf[:n]); err != nil {
			return
		}
	}
}
