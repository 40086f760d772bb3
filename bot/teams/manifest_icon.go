package teams

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// An app for Teams needs two icons: a colored one, and a white outline on a transparent background. Drawing them in code
// keeps binary files out of the repository. Both show a speech bubble with lines of text, which are defined as shapes in
// the unit square and then sampled.

// File names of the icons in the app's package, their sizes in pixels, and the color of their background.
const (
	colorFile   = "color.png"
	colorSize   = 192
	outlineFile = "outline.png"
	outlineSize = 32

	accentColor                        = "#1D4D4F"
	accentRed, accentGreen, accentBlue = 0x1D, 0x4D, 0x4F
	maxComponent                       = 0xFF // of a color
)

// shape returns the color at a point of the unit square; x grows to the right, y down.
type manifestShape func(x, y float64) color.NRGBA

func white() color.NRGBA {
	return color.NRGBA{R: maxComponent, G: maxComponent, B: maxComponent, A: maxComponent}
}

// colorIcon draws a white speech bubble with lines of text on a colored background.
func colorIcon() ([]byte, error) {
	background := color.NRGBA{R: accentRed, G: accentGreen, B: accentBlue, A: maxComponent}
	return draw(colorSize, func(x, y float64) color.NRGBA {
		if isInBubble(x, y, 0) && !isOnText(x, y) {
			return white()
		}
		return background
	})
}

// outlineIcon draws the white outline of the same bubble on a transparent background.
func outlineIcon() ([]byte, error) {
	const (
		edgeWidth = 0.042
		// The outlined bubble is larger, because no background needs to surround it: only the middle 66 % of the unit
		// square are drawn.
		outlineScale = 0.66
	)
	return draw(outlineSize, func(x, y float64) color.NRGBA {
		x, y = 0.5+(x-0.5)*outlineScale, 0.5+(y-0.5)*outlineScale
		isOnEdge := isInBubble(x, y, 0) && !isInBubble(x, y, edgeWidth)
		if isOnEdge || isOnText(x, y) {
			return white()
		}
		return color.NRGBA{}
	})
}

// isInBubble reports whether a point is in the bubble and at least inset away from its edge.
func isInBubble(x, y, inset float64) bool {
	const left, right, top, bottom, round = 0.22, 0.78, 0.24, 0.66, 0.1
	if isInBox(x, y, left+inset, right-inset, top+inset, bottom-inset, round-inset) {
		return true
	}

	// The tail is a triangle below the left half. Its left edge is vertical, its right edge slopes by 45°.
	const (
		tailLeft    = 0.34
		tailTip     = 0.8
		tailOverlap = 0.01 // with the box, so that there is no gap between them
		// An inset moves the vertical edge right by inset and the sloping edge left by √2·inset, so the tip rises by the
		// sum of both.
		tipRise = 1 + math.Sqrt2
	)
	if x < tailLeft+inset || y <= bottom-inset-tailOverlap {
		return false
	}
	return x-(tailLeft+inset) <= tailTip-inset*tipRise-y
}

// isOnText reports whether a point is on one of the lines of text: a message and, indented, two replies.
func isOnText(x, y float64) bool {
	const halfHeight = 0.026
	for _, line := range [...]struct{ from, to, y float64 }{{0.32, 0.68, 0.36}, {0.41, 0.68, 0.45}, {0.41, 0.58, 0.54}} {
		if isInBox(x, y, line.from, line.to, line.y-halfHeight, line.y+halfHeight, halfHeight) {
			return true
		}
	}
	return false
}

// isInBox reports whether a point is in a box with rounded corners.
func isInBox(x, y, left, right, top, bottom, radius float64) bool {
	dx, dy := max(left+radius-x, 0, x-right+radius), max(top+radius-y, 0, y-bottom+radius)
	return math.Hypot(dx, dy) <= radius
}

// draw makes a square PNG.
func draw(size int, at manifestShape) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			img.SetNRGBA(px, py, pixelColor(px, py, size, at))
		}
	}

	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}

// pixelColor returns the mean color of several points in a pixel (antialiasing). Colors are weighted by their opacity,
// so that transparent points don't darken the edge of a white area.
func pixelColor(px, py, size int, at manifestShape) color.NRGBA {
	const samples = 8 // in each direction
	step := 1 / float64(size*samples)
	var red, green, blue, alpha int
	for i := range samples * samples {
		x := (float64(px*samples+i%samples) + 0.5) * step
		y := (float64(py*samples+i/samples) + 0.5) * step
		c := at(x, y)
		a := int(c.A)
		red += int(c.R) * a
		green += int(c.G) * a
		blue += int(c.B) * a
		alpha += a
	}
	if alpha == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{
		R: uint8(red / alpha),
		G: uint8(green / alpha),
		B: uint8(blue / alpha),
		A: uint8(alpha / (samples * samples)),
	}
}
