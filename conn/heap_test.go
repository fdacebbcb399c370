package conn_test

import "runtime"

// allocated is how many bytes of heap the process has asked for since it began.
func allocated() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.TotalAlloc)
}

// living is how many bytes of heap are in use, after a collection.
func living() int64 {
	for range 4 { // pools keep things for one more, and what has a finalizer stays longer
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
