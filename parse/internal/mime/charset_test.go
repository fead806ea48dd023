package mime

import "testing"

// The same bytes are always the same text, also where two charsets are as
// likely.
func TestGuessIsTheSame(t *testing.T) {
	for _, s := range []string{
		"<div>onward</div>\r\n<div>date ; hu ; Elküldve, Dátum, Küldve</div>\r\n<div></div>\r\n<div>Reply-To: \"Shop\" <shop+me.fvkzvxzudtcnbnuk@acme.example></div>\r\n<div></div>\r\n<div>------------------ ԭʼ\xd3ʼ\xfe ------------------</div>\r\n",
		"Gr\xfc\xdfe aus K\xf6ln",
	} {
		text, note := guess([]byte(s))
		for range 300 {
			if again, and := guess([]byte(s)); again != text || and != note {
				t.Fatalf("%q is %q (%s), then %q (%s)", s, text, note, again, and)
			}
		}
	}
}
