package kernels_test

import (
	"strings"
	"testing"

	"github.com/parleyws/parley/server/bench/kernels"
)

func BenchmarkParseHeader(b *testing.B)  { bench(b, kernels.ParseHeader()) }
func BenchmarkAppendHeader(b *testing.B) { bench(b, kernels.AppendHeader()) }
func BenchmarkMask(b *testing.B)         { bench(b, kernels.Mask()) }
func BenchmarkValid(b *testing.B)        { bench(b, kernels.Valid()) }
func BenchmarkNewKey(b *testing.B)       { bench(b, kernels.NewKey()) }
func BenchmarkRawUpgrade(b *testing.B)   { bench(b, kernels.RawUpgrade()) }
func BenchmarkHTTPUpgrade(b *testing.B)  { bench(b, kernels.HTTPUpgrade()) }

// bench names each contestant by=..., which benchstat -col /by makes columns of. A
// slash would end the name for benchstat.
func bench(b *testing.B, contests []kernels.Contest) {
	for _, c := range contests {
		_, input, _ := strings.Cut(c.Name(), "/")
		for i, x := range c.Contestants {
			by := "/by=" + strings.ReplaceAll(x.Name, "/", ".")
			b.Run(strings.TrimPrefix(input+by, "/"), func(b *testing.B) { c.Bench(b, i) })
		}
	}
}
