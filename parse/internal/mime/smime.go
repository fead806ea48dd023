package mime

import (
	"bytes"
	"strings"
)

// smime tells whether the part is S/MIME (RFC 8551 §3.2).
func (p *Part) smime() bool {
	return p.Type == "application/pkcs7-mime" || p.Type == "application/x-pkcs7-mime"
}

// SignedSMIME tells whether the text stands inside its own signature, in clear.
func (p *Part) SignedSMIME() bool {
	return p.smime() && strings.HasPrefix(strings.ToLower(p.Params["smime-type"]), "signed")
}

// EncryptedSMIME tells whether the part cannot be read without a key.
func (p *Part) EncryptedSMIME() bool { return p.smime() && !p.SignedSMIME() }

// Opaque takes the signed content out of application/pkcs7-mime with
// smime-type signed-data (RFC 8551 §3.5.2): a ContentInfo that holds
// SignedData that holds the mail's own entity as an OCTET STRING. The
// signature is not checked; nil if there is no content. Lengths may be
// indefinite and strings in pieces, as BER allows and phones write.
func Opaque(b []byte) []byte {
	content, ok := berInto(b, 0x30) // ContentInfo
	if !ok {
		return nil
	}
	oid, rest, ok := berNext(content)
	if !ok || !bytes.Equal(oid.body, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")) {
		return nil // 1.2.840.113549.1.7.2 is signedData
	}
	signed, ok := berInto(rest, 0xa0)
	if !ok {
		return nil
	}
	if signed, ok = berInto(signed, 0x30); !ok {
		return nil
	}
	for range 2 { // version, digestAlgorithms
		if _, signed, ok = berNext(signed); !ok {
			return nil
		}
	}
	encap, ok := berInto(signed, 0x30)
	if !ok {
		return nil
	}
	if _, encap, ok = berNext(encap); !ok { // eContentType
		return nil
	}
	wrapped, ok := berInto(encap, 0xa0)
	if !ok {
		return nil
	}
	return berString(wrapped, 0)
}

// element is one BER element: its tag and what is in it.
type element struct {
	tag  byte
	body []byte
}

// berNext reads the element at the start of b and returns what follows it.
func berNext(b []byte) (e element, rest []byte, ok bool) { return berAt(b, 0) }

const berDepth = 20

func berAt(b []byte, depth int) (e element, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f || depth > berDepth {
		return e, nil, false
	}
	e.tag = b[0]
	n, head := int(b[1]), 2
	switch {
	case n == 0x80: // indefinite: up to two zero bytes
		body := b[2:]
		for at := body; ; {
			if len(at) < 2 {
				return e, nil, false
			}
			if at[0] == 0 && at[1] == 0 {
				e.body = body[:len(body)-len(at)]
				return e, at[2:], true
			}
			if _, at, ok = berAt(at, depth+1); !ok {
				return e, nil, false
			}
		}
	case n > 0x80:
		k := n & 0x7f
		if k > 4 || len(b) < 2+k {
			return e, nil, false
		}
		n = 0
		for _, c := range b[2 : 2+k] {
			n = n<<8 | int(c)
		}
		head += k
	}
	if n < 0 || n > len(b)-head {
		return e, nil, false
	}
	e.body = b[head : head+n]
	return e, b[head+n:], true
}

// berInto returns what is in the first element if it has this tag.
func berInto(b []byte, tag byte) ([]byte, bool) {
	e, _, ok := berNext(b)
	return e.body, ok && e.tag == tag
}

// berString joins the pieces of an OCTET STRING.
func berString(b []byte, depth int) []byte {
	var out []byte
	for len(b) > 0 && depth < berDepth {
		e, rest, ok := berNext(b)
		if !ok {
			return out
		}
		switch e.tag {
		case 0x04:
			out = append(out, e.body...)
		case 0x24:
			out = append(out, berString(e.body, depth+1)...)
		}
		b = rest
	}
	return out
}
