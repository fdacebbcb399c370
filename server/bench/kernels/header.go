package kernels

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/parleyws/parley/frame"
)

// headers is one input: as many headers as a power of two.
type headers struct {
	payload string // their length, in words
	ours    []frame.Header
}

// headerInputs returns masked headers, RFC 6455 section 5.2: one for each form of
// the length, and a mix of all three in an order that is not soon learned.
func headerInputs() []headers {
	var inputs []headers
	for _, length := range []int64{5, 300, 70_000} {
		inputs = append(inputs, headers{strconv.FormatInt(length, 10), []frame.Header{header(length)}})
	}
	r := rand.New(rand.NewPCG(6455, 5))
	mix := headers{payload: "mix"}
	for range 256 {
		most := []int64{125, 60_000, 1 << 20}[r.IntN(3)]
		mix.ours = append(mix.ours, header(1+r.Int64N(most)))
	}
	return append(inputs, mix)
}

func header(length int64) frame.Header {
	return frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: frame.Key{0x37, 0xfa, 0x21, 0x3d}, Length: length}
}

// ParseHeader returns the contests at parsing a frame header. Ours parses a slice,
// and in place into a header that is there; gobwas reads from a [bytes.Reader], with a buffer of its own making or, as
// ReadHeaderBuffer, with one that is lent.
func ParseHeader() []Contest {
	var contests []Contest
	for _, in := range headerInputs() {
		contests = append(contests, parseHeader(in))
	}
	return contests
}

func parseHeader(in headers) Contest {
	var wires [][]byte
	for _, h := range in.ours {
		wires = append(wires, frame.AppendHeader(nil, h))
	}
	last := len(wires) - 1
	r := new(bytes.Reader)
	buf := make([]byte, ws.MaxHeaderSize)
	// Who parses a header looks at it. All loops do: the wait for a copy of what
	// was just stored is seen only there.
	var read int64
	return Contest{
		Kernel: "parse header",
		Input:  []Field{{"payload", in.payload}},
		Contestants: []Contestant{
			{
				Name:   "ours",
				AtMost: 5,
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						h, n, _ := frame.ParseHeader(wires[i&last])
						read += h.Length + int64(n)
						i++
					}
				},
				Once: func() string {
					return parsed(wires, func(wire []byte) (frame.Header, error) {
						h, _, err := frame.ParseHeader(wire)
						return h, err
					})
				},
			},
			{
				Name:   "ours in place",
				AtMost: 5,
				Loop: func(b *testing.B) {
					var h frame.Header
					i := 0
					for b.Loop() {
						n, _ := h.Parse(wires[i&last])
						read += h.Length + int64(n)
						i++
					}
				},
				Once: func() string {
					var h frame.Header
					return parsed(wires, func(wire []byte) (frame.Header, error) {
						_, err := h.Parse(wire)
						return h, err
					})
				},
			},
			{
				Name: "gobwas ReadHeader",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						r.Reset(wires[i&last])
						h, _ := ws.ReadHeader(r)
						read += h.Length
						i++
					}
				},
				Once: func() string {
					return parsed(wires, func(wire []byte) (frame.Header, error) {
						r.Reset(wire)
						h, err := ws.ReadHeader(r)
						return fromGobwas(h), err
					})
				},
			},
			{
				Name: "gobwas ReadHeaderBuffer",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						r.Reset(wires[i&last])
						h, _ := ws.ReadHeaderBuffer(r, buf)
						read += h.Length
						i++
					}
				},
				Once: func() string {
					return parsed(wires, func(wire []byte) (frame.Header, error) {
						r.Reset(wire)
						h, err := ws.ReadHeaderBuffer(r, buf)
						return fromGobwas(h), err
					})
				},
			},
		},
		Duels: []Duel{
			{"ours", "gobwas ReadHeader", 10},
			{"ours in place", "gobwas ReadHeader", 10},
			{"ours in place", "ours", 0},
			{"ours", "gobwas ReadHeaderBuffer", 0},
		},
	}
}

// parsed tells what parse makes of each of wires.
func parsed(wires [][]byte, parse func(wire []byte) (frame.Header, error)) string {
	var s strings.Builder
	for _, wire := range wires {
		h, err := parse(wire)
		fmt.Fprintf(&s, "%+v %v\n", h, err)
	}
	return s.String()
}

// AppendHeader returns the contests at serializing a frame header. Ours appends to
// a slice, and in place a header that is not copied; gobwas writes to [io.Discard] or a [bytes.Buffer], with a buffer of
// its own making or, as WriteHeaderBuffer, with one that is lent.
func AppendHeader() []Contest {
	var contests []Contest
	for _, in := range headerInputs() {
		contests = append(contests, appendHeader(in))
	}
	return contests
}

func appendHeader(in headers) Contest {
	ours := in.ours
	var theirs []ws.Header
	for _, h := range ours {
		theirs = append(theirs, toGobwas(h))
	}
	last := len(ours) - 1
	dst := make([]byte, 0, frame.MaxHeaderLen)
	w := new(bytes.Buffer)
	buf := make([]byte, ws.MaxHeaderSize)
	return Contest{
		Kernel: "append header",
		Input:  []Field{{"payload", in.payload}},
		Contestants: []Contestant{
			{
				Name:   "ours",
				AtMost: 3,
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						frame.AppendHeader(dst, ours[i&last])
						i++
					}
				},
				Once: func() string {
					var all []byte
					for _, h := range ours {
						all = append(all, frame.AppendHeader(dst, h)...)
					}
					return string(all)
				},
			},
			{
				Name:   "ours in place",
				AtMost: 3,
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						ours[i&last].Append(dst)
						i++
					}
				},
				Once: func() string {
					var all []byte
					for i := range ours {
						all = append(all, ours[i].Append(dst)...)
					}
					return string(all)
				},
			},
			{
				Name: "gobwas to io.Discard",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						ws.WriteHeader(io.Discard, theirs[i&last])
						i++
					}
				},
				Once: func() string { return written(theirs, ws.WriteHeader) },
			},
			{
				Name: "gobwas to bytes.Buffer",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						w.Reset()
						ws.WriteHeader(w, theirs[i&last])
						i++
					}
				},
				Once: func() string { return written(theirs, ws.WriteHeader) },
			},
			{
				Name: "gobwas WriteHeaderBuffer",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						ws.WriteHeaderBuffer(io.Discard, theirs[i&last], buf)
						i++
					}
				},
				Once: func() string {
					return written(theirs, func(w io.Writer, h ws.Header) error {
						return ws.WriteHeaderBuffer(w, h, buf)
					})
				},
			},
		},
		Duels: []Duel{
			{"ours", "gobwas to io.Discard", 10},
			{"ours in place", "gobwas to io.Discard", 10},
			{"ours in place", "ours", 0},
			{"ours", "gobwas to bytes.Buffer", 10},
			{"ours", "gobwas WriteHeaderBuffer", 0},
		},
	}
}

// written returns what write makes of hs.
func written(hs []ws.Header, write func(io.Writer, ws.Header) error) string {
	var all bytes.Buffer
	for _, h := range hs {
		if err := write(&all, h); err != nil {
			return err.Error()
		}
	}
	return all.String()
}

func toGobwas(h frame.Header) ws.Header {
	return ws.Header{Fin: h.Fin, Rsv: byte(h.RSV) >> 4, OpCode: ws.OpCode(h.Opcode), Masked: h.Masked, Mask: h.Key, Length: h.Length}
}

func fromGobwas(h ws.Header) frame.Header {
	return frame.Header{Fin: h.Fin, RSV: frame.RSV(h.Rsv << 4), Opcode: frame.Opcode(h.OpCode), Masked: h.Masked, Key: h.Mask, Length: h.Length}
}
