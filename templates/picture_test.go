package templates

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"gatepost/loop"
)

// The picture is small, the same each time, and shows its tallest bar below
// the top line.
func TestPicture(t *testing.T) {
	l := loop.Letter{Kind: loop.WeeklyMail, Team: sampleTeam, To: priya, Zone: "Europe/Berlin", Ref: "me", Body: loop.Body{Review: sampleReview()}}
	a, b := render(t, l).Picture, render(t, l).Picture
	if !bytes.Equal(a, b) {
		t.Error("two pictures of one review differ")
	}
	if len(a) > 30<<10 {
		t.Errorf("%d bytes", len(a))
	}
	img, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != pictureWidth || size.Y != pictureHeight {
		t.Errorf("size %v", size)
	}
	each := (rightEdge - leftEdge) / 8
	at := func(week, y int) bool { // is the bar of this week green here?
		r, g, bl, _ := img.At(leftEdge+week*each+each/2, y).RGBA()
		return r>>8 == uint32(work.R) && g>>8 == uint32(work.G) && bl>>8 == uint32(work.B)
	}
	for week := range 8 {
		if !at(week, floor-4) {
			t.Errorf("week %d has no bar of work", week)
		}
	}
	if at(0, ceiling+5) {
		t.Error("a bar reaches above the scale")
	}
	for _, r := range []*loop.Review{{}, {Trend: []loop.Week{{}}}, {Trend: []loop.Week{{Totals: loop.Totals{Work: 1e6}}}}} {
		l.Body.Review = r
		if w := render(t, l); len(w.Picture) == 0 || w.Text == "" {
			t.Error("an empty review has no picture")
		}
	}
	for _, l := range Samples() {
		if w := render(t, l); (w.Picture != nil) != (l.Kind == loop.WeeklyMail) {
			t.Errorf("%s: picture of %d bytes", l.Kind, len(w.Picture))
		}
	}
}

// The numbers of a review that is not of the trend's last week say since when.
func TestReviewOfMoreThanAWeek(t *testing.T) {
	l := to(loop.WeeklyMail, priya, "me", march(20, 15, 0), loop.Body{Review: sampleReview()})
	if w := render(t, l); strings.Contains(w.Text, "Since") {
		t.Errorf("a week needs no date:\n%s", w.Text)
	}
	l.Body.Review.From = l.Body.Review.From.AddDate(0, 0, -7)
	if w := render(t, l); !strings.Contains(w.Text, "Since Fri 6 March: 3 deliveries came to the gate,") {
		t.Errorf("two weeks:\n%s", w.Text)
	}
}
