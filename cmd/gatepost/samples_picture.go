package main

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// pictureColours is how many colours a picture keeps. Letters are text on few
// grounds: more would only make the files larger.
const pictureColours = 32

// cutSheet cuts a sheet into a picture for each of its letters.
func cutSheet(shot, out, scheme string, rows []sampleLetter) error {
	f, err := os.Open(shot)
	if err != nil {
		return fmt.Errorf("the browser made no picture: %w", err)
	}
	defer f.Close()
	sheet, err := png.Decode(f)
	if err != nil {
		return fmt.Errorf("read sheet: %w", err)
	}
	for i, s := range rows {
		row := image.Rect(0, i*rowHeight, narrow+wide, (i+1)*rowHeight).Intersect(sheet.Bounds())
		row.Max.Y = lastInk(sheet, row) + 1
		path := filepath.Join(out, s.Name+"-"+scheme+".png")
		if err := writePicture(path, fewColours(sheet, row)); err != nil {
			return err
		}
	}
	return nil
}

// lastInk is the last line of a row that is not like the one at its foot.
func lastInk(img image.Image, row image.Rectangle) int {
	foot := row.Max.Y - 1
	for y := foot; y > row.Min.Y; y-- {
		for x := row.Min.X; x < row.Max.X; x++ {
			if img.At(x, y) != img.At(x, foot) {
				return min(y+12, foot)
			}
		}
	}
	return foot
}

// fewColours is part of an image in the colours it has most of.
func fewColours(img image.Image, part image.Rectangle) *image.Paletted {
	count := map[color.RGBA]int{}
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			count[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	order := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range order[:min(len(order), pictureColours)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	out := image.NewPaletted(image.Rect(0, 0, part.Dx(), part.Dy()), palette)
	for y := range part.Dy() {
		for x := range part.Dx() {
			c := color.RGBAModel.Convert(img.At(part.Min.X+x, part.Min.Y+y)).(color.RGBA)
			k, known := index[c]
			if !known {
				k = uint8(palette.Index(c))
				index[c] = k
			}
			out.SetColorIndex(x, y, k)
		}
	}
	return out
}

func writePicture(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img)
	return cmp.Or(err, f.Close())
}
