package outside

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
)

// MugPicture draws Maria's broken mug. Shape: a PNG, 480 × 300.
func MugPicture() []byte {
	const w, h = 480, 300
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, mugColor(float64(x)-220, float64(y)-150))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil // an RGBA image always encodes
	}
	return b.Bytes()
}

// mugColor is the colour at a place, seen from the middle of the mug.
func mugColor(x, y float64) color.RGBA {
	ring := (x-100)*(x-100)/(52*52) + y*y/(62*62)
	switch {
	case y > -100 && y < -62 && x > 26 && x < 66 && y+100 < 38-1.4*abs(x-46): // the chip
		return color.RGBA{0xf3, 0xe9, 0xdc, 0xff}
	case x > -95 && x < 95 && y > -95 && y < 100:
		shade := uint8(40 + (x+95)/190*60)
		if y < -84 {
			return color.RGBA{0x9d, 0xbd, 0xd8, 0xff} // the rim
		}
		return color.RGBA{0x2b - shade/8, 0x5f + shade/6, 0x9b + shade/4, 0xff}
	case x > 90 && ring < 1 && ring > 0.45: // the handle
		return color.RGBA{0x2a, 0x69, 0xa8, 0xff}
	case y > 98:
		return color.RGBA{0xc9, 0xa8, 0x7c, 0xff} // the table
	}
	return color.RGBA{0xf3, 0xe9, 0xdc, 0xff}
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}

// onePagePDF makes a small document with a few lines of ASCII text.
// Source: ISO 32000-1, 7.5 (file structure).
func onePagePDF(lines ...string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 14 Tf 18 TL 40 150 Td\n")
	for _, l := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 360 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}
