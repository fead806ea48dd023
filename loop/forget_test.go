package loop

import "testing"

// A name is taken out where it is a word, in any case if it is whole; nothing
// else is.
func TestOblivionClean(t *testing.T) {
	o := NewOblivion([]string{"may@a.example", "may@home.example"}, []string{"May O'Neil"}, "gone@invalid")
	for text, want := range map[string]string{
		"ask May about it": "ask [forgotten] about it", "maybe in may": "maybe in may", "MAY  O'NEIL, please": "[forgotten], please",
		"Mayday": "Mayday", "write to MAY@a.example": "write to gone@invalid", "digest|may@home.example|2026-03-02": "digest|gone@invalid|2026-03-02",
		"May's": "[forgotten]'s", "": "",
	} {
		if got := o.Clean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if e := o.Event(Event{Kind: Told, Person: "may@a.example", Cause: "alias|x@y|their words", Line: "approve now"}); e.Person != "gone@invalid" || e.Line != Gone || e.Cause == "alias|x@y|their words" {
		t.Errorf("%+v", e)
	}
	files := []File{{Name: "from May.png", Size: 9}}
	if e := o.Event(Event{Kind: Updated, By: "dana@a.example", Files: files}); e.Files[0] != (File{"from [forgotten].png", 9}) || files[0].Name != "from May.png" {
		t.Errorf("%+v of %+v", e.Files, files)
	}
	if e := o.Event(Event{Kind: Updated, By: "may@a.example", Files: files}); e.Files[0] != (File{Gone, 9}) {
		t.Errorf("%+v", e.Files)
	}
	other := Event{Kind: Updated, By: "dana@a.example", Text: "as before"}
	if e := o.Event(other); e.Text != other.Text || e.By != other.By {
		t.Errorf("%+v", e)
	}
}
