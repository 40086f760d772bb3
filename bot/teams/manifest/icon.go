package manifest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Files of the icons in the app's package, their sizes in pixels, and the color that Teams puts behind them.
const (
	colorFile   = "color.png"
	colorSize   = 192
	outlineFile = "outline.png" // white on nothing
	outlineSize = 32

	accentColor                        = "#1D4D4F"
	accentRed, accentGreen, accentBlue = 0x1D, 0x4D, 0x4F
	fullLight                          = 0xFF // of a color, and of its opacity
)

// shape returns the color at a point of the unit square; x grows to the right, y down.
type shape func(x, y float64) color.NRGBA

// colorIcon draws a white speech bubble with a thread of lines in it.
func colorIcon() ([]byte, error) {
	ground := color.NRGBA{R: accentRed, G: accentGreen, B: accentBlue, A: fullLight}
	white := color.NRGBA{R: fullLight, G: fullLight, B: fullLight, A: fullLight}
	return draw(colorSize, func(x, y float64) color.NRGBA {
		if isInBubble(x, y, 0) && !isOnText(x, y) {
			return white
		}
		return ground
	})
}

// outlineIcon draws the outline of the same bubble.
func outlineIcon() ([]byte, error) {
	const (
		edgeWidth    = 0.042
		outlineScale = 0.66 // the part of the unit square that is drawn: the bubble is larger here, since no ground is around it
	)
	return draw(outlineSize, func(x, y float64) color.NRGBA {
		x, y = 0.5+(x-0.5)*outlineScale, 0.5+(y-0.5)*outlineScale
		isOnEdge := isInBubble(x, y, 0) && !isInBubble(x, y, edgeWidth)
		if isOnEdge || isOnText(x, y) {
			return color.NRGBA{R: fullLight, G: fullLight, B: fullLight, A: fullLight}
		}
		return color.NRGBA{}
	})
}

// isInBubble reports whether a point is in the bubble, at least inset away from its edge.
func isInBubble(x, y, inset float64) bool {
	const left, right, top, bottom, round = 0.22, 0.78, 0.24, 0.66, 0.1
	if isInBox(x, y, left+inset, right-inset, top+inset, bottom-inset, round-inset) {
		return true
	}

	// The tail is a triangle below the left half. Its left edge is upright, its right one leans by 45°.
	const (
		tailLeft    = 0.34
		tailTip     = 0.8
		tailOverlap = 0.01 // with the box, so that no gap is between them
		// An inset moves the upright edge right by itself and the leaning one left by √2 times itself, so that the
		// tip rises by the sum of both.
		tipRise = 1 + math.Sqrt2
	)
	if x < tailLeft+inset || y <= bottom-inset-tailOverlap {
		return false
	}
	return x-(tailLeft+inset) <= tailTip-inset*tipRise-y
}

// isOnText reports whether a point is on one of the lines of text: a message and, indented, its answers.
func isOnText(x, y float64) bool {
	const half = 0.026
	for _, l := range [...]struct{ from, to, y float64 }{{0.32, 0.68, 0.36}, {0.41, 0.68, 0.45}, {0.41, 0.58, 0.54}} {
		if isInBox(x, y, l.from, l.to, l.y-half, l.y+half, half) {
			return true
		}
	}
	return false
}

// isInBox reports whether a point is in a box with round corners.
func isInBox(x, y, left, right, top, bottom, round float64) bool {
	dx, dy := max(left+round-x, 0, x-right+round), max(top+round-y, 0, y-bottom+round)
	return math.Hypot(dx, dy) <= round
}

// draw makes a square picture. Each pixel is the mean of fine × fine points. A point's color counts as much as it is
// opaque, so that what is clear doesn't darken the edge of what is white.
func draw(size int, at shape) ([]byte, error) {
	const fine = 8 // points of a pixel in each direction
	step := 1 / float64(size*fine)
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			var red, green, blue, alpha int
			for i := range fine * fine {
				x := (float64(px*fine+i%fine) + 0.5) * step
				y := (float64(py*fine+i/fine) + 0.5) * step
				c := at(x, y)
				a := int(c.A)
				red += int(c.R) * a
				green += int(c.G) * a
				blue += int(c.B) * a
				alpha += a
			}

			if alpha > 0 {
				img.SetNRGBA(px, py, color.NRGBA{
					R: uint8(red / alpha),
					G: uint8(green / alpha),
					B: uint8(blue / alpha),
					A: uint8(alpha / (fine * fine)),
				})
			}
		}
	}

	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
