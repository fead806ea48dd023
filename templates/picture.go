package templates

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"gatepost/loop"
)

// PictureID is the Content-ID of the picture in a weekly review, without the
// brackets. It carries no id of the reader: nothing can be told from it.
const PictureID = "week"

// The picture is drawn larger than it is shown, for fine screens, with letters
// that are still read on a phone.
const (
	pictureWidth, pictureHeight = 960, 560
	floor, ceiling              = 484, 186 // where bars begin and end, in pixels from the top
	leftEdge, rightEdge         = 92, 944
)

// Colours of the picture: the card of a letter, ink, and three that differ in
// lightness too, so that they are told apart without seeing colour.
var (
	paper  = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink    = color.RGBA{0x1d, 0x21, 0x26, 0xff}
	dim    = color.RGBA{0x5c, 0x65, 0x70, 0xff}
	line   = color.RGBA{0xe6, 0xe4, 0xdd, 0xff}
	work   = color.RGBA{0x1c, 0x6b, 0x38, 0xff}
	waits  = color.RGBA{0xe3, 0xa0, 0x2f, 0xff}
	atGate = color.RGBA{0x7a, 0xa7, 0xd9, 0xff}
)

var goFont = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// picture draws the trend of a weekly review as bars; nil for other letters.
func (v *view) picture() ([]byte, error) {
	if v.L.Kind != loop.WeeklyMail || v.B.Review == nil {
		return nil, nil
	}
	parsed, err := goFont()
	if err != nil {
		return nil, fmt.Errorf("font of the picture: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: 38, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("font of the picture: %w", err)
	}
	c := &canvas{image.NewPaletted(image.Rect(0, 0, pictureWidth, pictureHeight), fewColours()), face}
	c.box(0, 0, pictureWidth, pictureHeight, paper)
	c.weeks(v, v.B.Review.Trend)
	return c.png()
}

// canvas is a picture being drawn.
type canvas struct {
	*image.Paletted
	face font.Face
}

func (c *canvas) box(x0, y0, x1, y1 int, col color.RGBA) {
	k := uint8(c.Palette.Index(col))
	r := image.Rect(x0, y0, x1, y1).Intersect(c.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.Pix[c.PixOffset(r.Min.X, y):c.PixOffset(r.Max.X, y)]
		for i := range row {
			row[i] = k
		}
	}
}

// say writes s with its middle at x, or its left edge if left is true.
func (c *canvas) say(x, y int, s string, col color.RGBA, left bool) int {
	d := font.Drawer{Dst: c, Src: image.NewUniform(col), Face: c.face}
	w := d.MeasureString(s).Round()
	if !left {
		x -= w / 2
	}
	d.Dot = fixed.P(x, y)
	d.DrawString(s)
	return x + w
}

// weeks draws a bar for each week: work, blocked and gate on each other, and
// above it how many tasks were approved.
func (c *canvas) weeks(v *view, trend []loop.Week) {
	x := leftEdge
	for _, k := range []struct {
		name string
		col  color.RGBA
	}{{v.says("picture.work"), work}, {v.says("picture.blocked"), waits}, {v.says("picture.gate"), atGate}} {
		c.box(x, 22, x+32, 54, k.col)
		x = c.say(x+44, 51, k.name, ink, true) + 40
	}
	c.say(leftEdge, 110, v.says("picture.note"), dim, true)
	most := 1.0
	for _, w := range trend {
		most = math.Max(most, w.Work+w.Blocked+w.Gate)
	}
	step := niceStep(most)
	top := step * math.Ceil(most/step)
	y := func(days float64) int { return floor - int(math.Round(days/top*(floor-ceiling))) }
	for d := 0.0; d <= top+step/2; d += step {
		c.box(leftEdge, y(d), rightEdge, y(d)+2, line)
		c.say(leftEdge-46, y(d)+13, v.tenth(d), dim, false)
	}
	if len(trend) == 0 {
		return
	}
	each := (rightEdge - leftEdge) / len(trend)
	for i, w := range trend {
		from, to := leftEdge+i*each+each/5, leftEdge+(i+1)*each-each/5
		at := 0.0
		for _, part := range []struct {
			days float64
			col  color.RGBA
		}{{w.Work, work}, {w.Blocked, waits}, {w.Gate, atGate}} {
			c.box(from, y(at+part.days), to, y(at), part.col)
			at += part.days
		}
		c.say((from+to)/2, y(at)-12, fmt.Sprint(w.Approved), ink, false)
		if (len(trend)-i)%2 == 1 { // every second one, and the last: more do not fit
			c.say((from+to)/2, floor+56, v.ShortDay(w.Day), dim, false)
		}
	}
}

// niceStep divides the scale into two to five parts of a plain number.
func niceStep(most float64) float64 {
	for step := 0.5; ; step *= 10 {
		for _, f := range []float64{1, 2, 4, 10} {
			if most/(step*f) <= 5 {
				return step * f
			}
		}
	}
}

// fewColours are those of the picture, with the edges of letters between ink
// and paper.
func fewColours() color.Palette {
	palette := color.Palette{}
	for _, col := range []color.RGBA{ink, dim} {
		for k := range 8 {
			palette = append(palette, mix(col, paper, float64(k)/7))
		}
	}
	return append(palette, line, work, waits, atGate)
}

func (c *canvas) png() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, c.Paletted); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
}

func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 0xff}
}
