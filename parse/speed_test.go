package parse_test

import (
	"testing"

	"gatepost/internal/bench"
	"gatepost/parse"
)

// BenchmarkRead reads the mails of make bench on one core.
func BenchmarkRead(b *testing.B) {
	traffic := bench.NewTraffic(1, 200, false, func(ref, person string) string { return "agency+" + ref + ".aaaaaaaaaaaaaaaa@acme.example" })
	var raws [][]byte
	for range 1000 {
		raws = append(raws, traffic.Next())
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		parse.Read(raws[i%len(raws)], parse.Options{Teams: []string{bench.Address}, Hosts: []string{"acme.example"}})
	}
}
