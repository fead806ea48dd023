package parse

// defaults are the bounds of THREATS: what real mail stays under by far, and
// what no parser behind them can be made to suffer from.
var defaults = Limits{
	Bytes: 25 << 20, Text: 1 << 20, Lines: 50_000,
	Header: 256 << 10, Fields: 1000, Field: 64 << 10,
	Depth: 50, Parts: 500, Params: 50, Addresses: 1000, Boundary: 200, Hops: 100,
}

// filled is l with zero fields replaced by the defaults.
func (l Limits) filled() Limits {
	for _, p := range []struct {
		v *int
		d int
	}{
		{&l.Bytes, defaults.Bytes}, {&l.Text, defaults.Text}, {&l.Lines, defaults.Lines},
		{&l.Header, defaults.Header}, {&l.Fields, defaults.Fields}, {&l.Field, defaults.Field},
		{&l.Depth, defaults.Depth}, {&l.Parts, defaults.Parts}, {&l.Params, defaults.Params},
		{&l.Addresses, defaults.Addresses}, {&l.Boundary, defaults.Boundary}, {&l.Hops, defaults.Hops},
	} {
		if *p.v <= 0 {
			*p.v = p.d
		}
	}
	return l
}
