package parse

import "testing"

// A picture that the text shows is told from one that was attached.
func TestPicturesWithinTheText(t *testing.T) {
	raw := "From: a@b.example\nTo: shop@acme.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=r\n\n" +
		"--r\nContent-Type: text/html\n\n<p>look <img src=\"cid:1\"></p>\n" +
		"--r\nContent-Type: image/png; name=pasted.png\nContent-ID: <1>\nContent-Disposition: inline\n\nxx\n" +
		"--r\nContent-Type: image/png; name=old.png\nContent-ID: <2>\n\nxx\n" +
		"--r\nContent-Type: image/png; name=attached.png\nContent-ID: <3>\nContent-Disposition: attachment\n\nxx\n" +
		"--r\nContent-Type: application/pdf; name=a.pdf\nContent-ID: <4>\nContent-Disposition: inline\n\nxx\n--r--\n"
	want := map[string]bool{"pasted.png": true, "old.png": true, "attached.png": false, "a.pdf": false}
	m := Read([]byte(raw), Options{})
	if len(m.Attachment) != len(want) {
		t.Fatalf("attachments: %+v", m.Attachment)
	}
	for _, a := range m.Attachment {
		if a.Within != want[a.Name] {
			t.Errorf("%s within the text: %v", a.Name, a.Within)
		}
	}
}
