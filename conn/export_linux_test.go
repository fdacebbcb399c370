package conn

import "time"

// SetParkAfter changes how long a connection is silent before it is parked. It is
// called while there is none.
func SetParkAfter(d time.Duration) { parkAfter = d }

// IsParked reports whether c has no goroutine.
func IsParked(c *Conn) bool {
	s := c.service.Load()
	return s != nil && s.parked.Load()
}

// LotIsClosed reports whether no connection has a place in the lot.
func LotIsClosed() bool {
	lot.mu.Lock()
	defer lot.mu.Unlock()
	return lot.poll == nil
}
