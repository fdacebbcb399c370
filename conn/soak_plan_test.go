package conn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
)

// soakPlan is how a round of the soak is made. Its seed decides all of it, but not
// how the goroutines come to run.
type soakPlan struct {
	seed       uint64
	stream     string
	tapped     bool // what is sent is watched on the wire
	clientEnds bool // in a calm round
	bothEnd    bool // likewise: the close frames cross
	calm       bool // nothing happens that costs a message, until all have done what they wanted
	deflate    *deflate.Params
	senders    int // goroutines at each end
	calls      int // of each
	binary     bool
	opts       conn.Options
	drops      bool // the queue may drop messages
}

// soakStreams are the kinds of stream, more often the ones with more to go wrong.
var soakStreams = []string{"tcp", "pipe", "tls", "plain", "http2", "tcp untapped", "pipe", "plain"}

func newSoakPlan(seed uint64) soakPlan {
	r := mathrand.New(mathrand.NewPCG(seed, 0))
	ms := func(all ...time.Duration) time.Duration { return all[r.IntN(len(all))] * time.Millisecond }
	p := soakPlan{
		seed:    seed,
		stream:  soakStreams[seed%uint64(len(soakStreams))], // rounds have seeds one after another
		tapped:  true,
		senders: 50 + r.IntN(51),
		calls:   5 + r.IntN(20),
		binary:  r.IntN(3) == 0,
		deflate: [...]*deflate.Params{
			nil, {}, {ServerNoContextTakeover: true, ClientNoContextTakeover: true},
			{ServerMaxWindowBits: 8, ClientMaxWindowBits: 9}, {ServerMaxWindowBits: 10, ClientNoContextTakeover: true},
		}[r.IntN(5)],
	}
	p.opts = conn.Options{
		PingInterval:   ms(-1, 1, 10, 0),
		PongTimeout:    ms(0, 5000),
		WriteTimeout:   ms(0, 50, 1000),
		CloseTimeout:   ms(0, 100, 1000),
		ReadTimeout:    ms(-1, -1, 1, 20),
		MessageTimeout: ms(-1, 5000),
		CompressFrom:   [...]int{-1, 64, 0}[r.IntN(3)],
		MaxPings:       -1,
		Level:          [...]int{0, 1, 6}[r.IntN(3)],
	}
	if r.IntN(3) == 0 {
		p.opts.Queue = &conn.Queue{Bytes: [...]int64{0, 10_000}[r.IntN(2)], Full: conn.QueuePolicy(r.IntN(4))}
		p.drops = p.opts.Queue.Full == conn.DropOldestWhenFull
	}
	if p.calm = r.IntN(2) == 0; p.calm {
		p.calls = min(p.calls, 10)
		p.clientEnds = r.IntN(2) == 0
		p.bothEnd = r.IntN(2) == 0
		p.opts.WriteTimeout, p.opts.CloseTimeout, p.opts.MessageTimeout = 0, 0, -1
		if p.opts.Queue != nil && p.opts.Queue.Full == conn.CloseWhenFull {
			p.opts.Queue.Full = conn.BlockWhenFull
		}
	}
	if p.stream == "tcp untapped" {
		p.stream, p.tapped = "tcp", false
	}
	return p
}

// soakWire is the stream between two connections, with what happens to it.
type soakWire struct {
	server, client io.ReadWriteCloser
	oneShot        bool // of the server's end
	weather        func(r *mathrand.Rand, stop <-chan struct{})
}

func (p soakPlan) wire(t *testing.T, r *mathrand.Rand) soakWire {
	switch p.stream {
	case "tcp":
		a, b := tcp(t)
		return soakWire{server: a, client: b}
	case "tls":
		a, b := tcp(t)
		server := tls.Server(a, soakTLS())
		client := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
		shaken := make(chan error, 1)
		go func() { shaken <- server.Handshake() }()
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-shaken; err != nil {
			t.Fatal(err)
		}
		return soakWire{server: server, client: client}
	}
	a, b := conntest.Pipe(&conntest.Options{Window: [...]int{0, 0, 1000, -1}[r.IntN(4)]})
	w := soakWire{server: a, client: b}
	switch p.stream {
	case "plain":
		w.server, w.client = a.Plain(), b.Plain()
	case "http2":
		w.server, w.oneShot = a.HTTP2(), true
	}
	w.weather = func(r *mathrand.Rand, stop <-chan struct{}) {
		flows := []*conntest.Flow{a.In(), a.Out()}
		if !p.calm && r.IntN(3) == 0 {
			soakFault(flows[r.IntN(2)], r)
		}
		soakWeather(r, stop, flows)
	}
	return w
}

// soakWeather does to both directions what a network does, until it is stopped.
func soakWeather(r *mathrand.Rand, stop <-chan struct{}, flows []*conntest.Flow) {
	for {
		f := flows[r.IntN(2)]
		switch r.IntN(8) {
		case 0:
			f.Stall()
		case 1:
			f.SetWindow([...]int{1, 50, 5000, -1}[r.IntN(4)])
		case 2:
			f.SetReadSizes(conntest.Random(r.Uint64(), 0, 1+r.IntN(500)))
		case 3:
			f.SetWriteSizes(conntest.Random(r.Uint64(), 1, 1+r.IntN(500)))
		case 4:
			f.SetLatency(time.Duration(r.IntN(1000)) * time.Microsecond)
		default:
			f.Resume()
			f.SetWindow(-1)
			f.SetReadSizes(nil)
			f.SetWriteSizes(nil)
			f.SetLatency(0)
		}
		wait := time.NewTimer(time.Duration(r.IntN(4000)) * time.Microsecond)
		select {
		case <-wait.C:
		case <-stop:
			wait.Stop()
			for _, f := range flows {
				f.Resume()
				f.SetWindow(-1)
			}
			return
		}
	}
}

// soakFault has the stream fail for good, some time later.
func soakFault(f *conntest.Flow, r *mathrand.Rand) {
	after := int64(r.IntN(2 << 20))
	switch r.IntN(5) {
	case 0:
		f.ResetAfter(after)
	case 1:
		f.EndAfter(after)
	case 2:
		f.FailReadAfter(after, os.ErrPermission)
	case 3:
		f.FailWriteAfter(after, os.ErrPermission)
	case 4:
		f.ResetAfter(0)
	}
}

// soakTLS is a server's configuration with a certificate of its own.
var soakTLS = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})
