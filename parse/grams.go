package parse

import "unicode/utf8"

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
func gram(s string, i int) uint32 { return hash3(s[i], s[i+1], s[i+2]) }

func hash3(a, b, c byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16) * 0x9e3779b1 >> 21
}

// starts are the first three bytes of phrases, hashed. They tell of most texts that
// they begin with none of the phrases, before the text is folded.
type starts struct {
	grams
	short bool // a phrase has less than three bytes
}

func startsOf(phrases []string) *starts {
	b := new(starts)
	for _, p := range phrases {
		if len(p) < 3 {
			b.short = true
			continue
		}
		h := gram(p, 0)
		b.grams[h>>6] |= 1 << (h & 63)
	}
	return b
}

// may is false if s, folded, surely begins with none of the phrases.
func (b *starts) may(s string) bool {
	if b.short || len(s) < 3 {
		return true
	}
	var first [3]byte
	for i := range first {
		c := s[i]
		if c >= utf8.RuneSelf {
			return true
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		first[i] = c
	}
	h := hash3(first[0], first[1], first[2])
	return b.grams[h>>6]&(1<<(h&63)) != 0
}
