package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/loop"
)

// The page of samples shows every letter, by itself: nothing is fetched.
func TestSamplesPage(t *testing.T) {
	samples, err := renderSamples("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeSamples(dir, samples); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range loop.Kinds {
		if !strings.Contains(string(page), `<h2 id="`+string(k)+`">`) {
			t.Errorf("the page has no %s", k)
		}
	}
	weekly, err := os.ReadFile(filepath.Join(dir, "weekly.html"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page)+string(weekly), "http") && strings.Contains(string(page)+string(weekly), "://") || !strings.Contains(string(weekly), "data:image/png;base64,") {
		t.Error("something is fetched, or the picture is missing")
	}
}

// The pictures in docs are those of the letters there are.
func TestPicturesAreThere(t *testing.T) {
	samples, err := renderSamples("")
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, s := range samples {
		for _, scheme := range []string{"light", "dark"} {
			f, err := os.Open(filepath.Join("../../docs/letters", s.Name+"-"+scheme+".png"))
			if err != nil {
				t.Errorf("%v: run make letters", err)
				continue
			}
			c, err := png.DecodeConfig(f)
			if info, e := f.Stat(); e == nil {
				total += info.Size()
			}
			f.Close()
			if err != nil || c.Width != narrow+wide || c.Height < 100 || c.Height > rowHeight-20 {
				t.Errorf("%s %s: %dx%d, %v", s.Name, scheme, c.Width, c.Height, err)
			}
		}
	}
	if total > 4<<20 {
		t.Errorf("%d bytes of pictures", total)
	}
}

// Cutting takes what is empty below a letter away and keeps what it has.
func TestCutSheet(t *testing.T) {
	sheet := image.NewRGBA(image.Rect(0, 0, narrow+wide, 2*rowHeight))
	for y := range 2 * rowHeight {
		for x := range narrow + wide {
			sheet.Set(x, y, color.White)
		}
	}
	sheet.Set(5, 300, color.Black)
	sheet.Set(7, rowHeight+40, color.RGBA{0x1c, 0x6b, 0x38, 0xff})
	dir := t.TempDir()
	shot := filepath.Join(dir, "sheet.png")
	f, err := os.Create(shot)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, sheet); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := cutSheet(shot, dir, "light", []sampleLetter{{Name: "a"}, {Name: "b"}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ height, x, y int }{"a": {313, 5, 300}, "b": {53, 7, 40}} {
		f, err := os.Open(filepath.Join(dir, name+"-light.png"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if r, _, _, _ := img.At(want.x, want.y).RGBA(); img.Bounds().Dy() != want.height || r == 0xffff {
			t.Errorf("%s: %v, its point is white: %v", name, img.Bounds(), r == 0xffff)
		}
	}
}
