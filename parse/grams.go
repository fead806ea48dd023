package parse

// grams are the windows of three bytes of a text, hashed. They tell of most
// phrases that the text does not hold them, sooner than a search for each.
type grams [32]uint64

func gramsOf(s string) *grams {
	g := new(grams)
	for i := 0; i+3 <= len(s); i++ {
		h := gram(s, i)
		g[h>>6] |= 1 << (h & 63)
	}
	return g
}

// may is false if p is surely not in the text.
func (g *grams) may(p string) bool {
	for i := 0; i+3 <= len(p); i++ {
		if h := gram(p, i); g[h>>6]&(1<<(h&63)) == 0 {
			return false
		}
	}
	return true
}

// gram hashes the window at i to 11 bits.
func gram(s string, i int) uint32 {
	return (uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16) * 0x9e3779b1 >> 21
}
