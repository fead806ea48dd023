package mime

// Limits bound what is looked at, before any parser runs (THREATS, Bytes).
type Limits struct {
	Bytes     int // raw mail; default 25 MiB
	Text      int // reading text, decoded; default 1 MiB (HTML: four times that)
	Lines     int // lines of reading text; default 50,000
	Header    int // a header block; default 256 KiB
	Fields    int // fields in a header block; default 1,000
	Field     int // one field; default 64 KiB
	Depth     int // parts within parts; default 50
	Parts     int // parts in all; default 500
	Params    int // parameters of a field; default 50
	Addresses int // addresses in the recipient fields together; default 1,000
	Boundary  int // length of a boundary; default 200
	Hops      int // Received fields; default 100
}

// Defaults are the bounds of THREATS: what real mail stays under by far, and
// what no parser behind them can be made to suffer from.
var Defaults = Limits{
	Bytes: 25 << 20, Text: 1 << 20, Lines: 50_000,
	Header: 256 << 10, Fields: 1000, Field: 64 << 10,
	Depth: 50, Parts: 500, Params: 50, Addresses: 1000, Boundary: 200, Hops: 100,
}

// Filled is l with zero fields replaced by the defaults.
func (l Limits) Filled() Limits {
	for _, p := range []struct {
		v *int
		d int
	}{
		{&l.Bytes, Defaults.Bytes}, {&l.Text, Defaults.Text}, {&l.Lines, Defaults.Lines},
		{&l.Header, Defaults.Header}, {&l.Fields, Defaults.Fields}, {&l.Field, Defaults.Field},
		{&l.Depth, Defaults.Depth}, {&l.Parts, Defaults.Parts}, {&l.Params, Defaults.Params},
		{&l.Addresses, Defaults.Addresses}, {&l.Boundary, Defaults.Boundary}, {&l.Hops, Defaults.Hops},
	} {
		if *p.v <= 0 {
			*p.v = p.d
		}
	}
	return l
}
