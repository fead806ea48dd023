package mailout

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// base64Line is how many bytes of a picture make a line of 76 characters
// (RFC 2045 §6.8).
const base64Line = 57

// inline puts a picture beside the two texts of a mail, as multipart/related
// (RFC 2387), so that the HTML can show it as "cid:…".
//
// QUIRK: the library gives nested parts the boundary that was set for the
// outer one, and without one a random one; so the outer layer is put around
// its finished mail here.
func inline(raw []byte, picture []byte, id, border string) ([]byte, error) {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, fmt.Errorf("put picture %q into a mail: it has no body", id)
	}
	var outer, inner []string
	own := false // the field that is being read belongs to the inner part
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			field := strings.ToLower(line)
			own = strings.HasPrefix(field, "content-") && !strings.HasPrefix(field, "content-language:")
		}
		if own {
			inner = append(inner, line)
		} else {
			outer = append(outer, line)
		}
	}
	if len(inner) == 0 || !strings.Contains(strings.ToLower(inner[0]), "multipart/alternative") {
		return nil, fmt.Errorf("put picture %q into a mail: it is not multipart/alternative", id)
	}
	outer = append(outer, `Content-Type: multipart/related; type="multipart/alternative";`, ` boundary="`+border+`"`)
	var b bytes.Buffer
	put := func(lines ...string) {
		for _, line := range lines {
			b.WriteString(line + "\r\n")
		}
	}
	put(outer...)
	put("", "--"+border)
	put(inner...)
	put("")
	b.Write(body)
	put("", "--"+border, "Content-Type: image/png; name=\""+id+".png\"", "Content-Transfer-Encoding: base64",
		"Content-ID: <"+id+">", "Content-Disposition: inline; filename=\""+id+".png\"", "")
	for len(picture) > 0 {
		n := min(len(picture), base64Line)
		put(base64.StdEncoding.EncodeToString(picture[:n]))
		picture = picture[n:]
	}
	put("--" + border + "--")
	return b.Bytes(), nil
}
