package mime

// quotedLine is how long a line of quoted-printable may be that is decoded
// here; RFC 2045 §6.7 allows 76.
const quotedLine = 1000

// plainQuoted decodes quoted-printable that keeps to RFC 2045 §6.7, in one
// pass. ok is false for anything that does not: the parser mends that.
func plainQuoted(b []byte) (out []byte, ok bool) {
	out = make([]byte, 0, len(b))
	line := 0  // where the present line began in b
	solid := 0 // length of out up to the last byte that is no white space of its line's end
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '=' && i+1 < len(b) && b[i+1] == '\n':
			i++
			line, solid = i+1, len(out)
		case c == '=' && i+2 < len(b) && b[i+1] == '\r' && b[i+2] == '\n':
			i += 2
			line, solid = i+1, len(out)
		case c == '=':
			if i+2 >= len(b) {
				return nil, false
			}
			high, low := hexDigit(b[i+1]), hexDigit(b[i+2])
			if high < 0 || low < 0 {
				return nil, false
			}
			i += 2
			out = append(out, byte(high<<4|low))
			solid = len(out)
		case c == '\n':
			out = append(out[:solid], c)
			line, solid = i+1, len(out)
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			i++
			out = append(out[:solid], '\r', '\n')
			line, solid = i+1, len(out)
		case literal[c]:
			end := i + 1
			for end < len(b) && literal[b[end]] {
				end++
			}
			words := end
			for words > i && (b[words-1] == ' ' || b[words-1] == '\t') {
				words--
			}
			if words > i {
				solid = len(out) + words - i
			}
			out = append(out, b[i:end]...)
			i = end - 1
		default:
			return nil, false
		}
		if i-line > quotedLine {
			return nil, false
		}
	}
	return out[:solid], true
}

// literal are the bytes that stand for themselves within a line.
var literal = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = c != '='
	}
	t['\t'] = true
	return t
}()

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
