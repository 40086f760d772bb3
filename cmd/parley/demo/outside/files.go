package outside

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
)

// MugPicture draws Maria's broken mug. Shape: a PNG, 480 × 300.
func MugPicture() []byte {
	const w, h = 480, 300
	const middleX, middleY = 220, 150 // of the mug
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, mugColor(float64(x)-middleX, float64(y)-middleY))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil // an RGBA image always encodes
	}
	return b.Bytes()
}

// Lengths of the mug in pixels, from its middle: x to the right, y down.
const (
	mugLeft, mugRight  = -95, 95
	mugTop, mugBottom  = -95, 100
	rimBottom          = -84
	tableTop           = 98
	chipTop, chipDepth = -100, 38 // the chip hangs from there, deepest at chipMiddle
	chipMiddle         = 46
	chipHalf           = 20 // half of its width
	chipSteepness      = 1.4
	handleLeft         = 90
	handleMiddle       = 100
	handleWidth        = 52
	handleHeight       = 62
	handleHole         = 0.45 // of the ring around handleMiddle
)

// mugColor is the colour at a place, seen from the middle of the mug.
func mugColor(x, y float64) color.RGBA {
	wall := color.RGBA{R: 0xf3, G: 0xe9, B: 0xdc, A: 0xff}
	fromChip := math.Abs(x - chipMiddle)
	isBelowTop := fromChip < chipHalf && y > chipTop
	if isBelowTop && y-chipTop < chipDepth-chipSteepness*fromChip {
		return wall // seen through the chip
	}

	isBetweenSides := x > mugLeft && x < mugRight
	isInHeight := y > mugTop && y < mugBottom
	if isBetweenSides && isInHeight {
		if y < rimBottom {
			return color.RGBA{R: 0x9d, G: 0xbd, B: 0xd8, A: 0xff}
		}
		shade := uint8(40 + (x-mugLeft)/(mugRight-mugLeft)*60) // darker to the right
		return color.RGBA{R: 0x2b - shade/8, G: 0x5f + shade/6, B: 0x9b + shade/4, A: 0xff}
	}

	ring := (x-handleMiddle)*(x-handleMiddle)/(handleWidth*handleWidth) + y*y/(handleHeight*handleHeight)
	isInRing := ring > handleHole && ring < 1
	if isInRing && x > handleLeft {
		return color.RGBA{R: 0x2a, G: 0x69, B: 0xa8, A: 0xff}
	}
	if y > tableTop {
		return color.RGBA{R: 0xc9, G: 0xa8, B: 0x7c, A: 0xff}
	}

	return wall
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
