package manifest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Files of the icons in the app's package, and the color that Teams puts behind them.
const (
	colorFile   = "color.png"   // 192×192
	outlineFile = "outline.png" // 32×32, white on nothing
	accentColor = "#1D4D4F"
)

// shape returns the color at a point of the unit square; x grows to the right, y down.
type shape func(x, y float64) color.NRGBA

// colorIcon draws a white speech bubble with a thread of lines in it.
func colorIcon() ([]byte, error) {
	ground, white := color.NRGBA{0x1D, 0x4D, 0x4F, 0xFF}, color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
	return draw(192, func(x, y float64) color.NRGBA {
		if inBubble(x, y, 0) && !onText(x, y) {
			return white
		}
		return ground
	})
}

// outlineIcon draws the outline of the same bubble.
func outlineIcon() ([]byte, error) {
	const width = 0.07
	return draw(32, func(x, y float64) color.NRGBA {
		x, y = 0.5+(x-0.5)*0.66, 0.5+(y-0.5)*0.66 // larger than the other icon: this one has no ground around it
		if inBubble(x, y, 0) && !inBubble(x, y, width*0.6) || onText(x, y) {
			return color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
		}
		return color.NRGBA{}
	})
}

// inBubble reports whether a point is in the bubble, at least inset away from its edge.
func inBubble(x, y, inset float64) bool {
	const left, right, top, bottom, round = 0.22, 0.78, 0.24, 0.66, 0.1
	if inBox(x, y, left+inset, right-inset, top+inset, bottom-inset, round-inset) {
		return true
	}
	// The tail, a triangle below the left half; its edges lean by 45° and stand upright.
	const tailLeft, tailTip, slope = 0.34, 0.8, 1.0
	return x >= tailLeft+inset && y > bottom-inset-0.01 && (x-tailLeft-inset)*slope <= tailTip-inset*2.41-y
}

// onText reports whether a point is on one of the lines of text: a message and, indented, its answers.
func onText(x, y float64) bool {
	const half = 0.026
	for _, l := range [...]struct{ from, to, y float64 }{{0.32, 0.68, 0.36}, {0.41, 0.68, 0.45}, {0.41, 0.58, 0.54}} {
		if inBox(x, y, l.from, l.to, l.y-half, l.y+half, half) {
			return true
		}
	}
	return false
}

// inBox reports whether a point is in a box with round corners.
func inBox(x, y, left, right, top, bottom, round float64) bool {
	dx, dy := max(left+round-x, 0, x-right+round), max(top+round-y, 0, y-bottom+round)
	return math.Hypot(dx, dy) <= round
}

// draw makes a square picture; each pixel is the mean of 64 points.
func draw(size int, at shape) ([]byte, error) {
	const fine = 8
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			var red, green, blue, alpha int
			for i := range fine * fine {
				c := at((float64(px)+(float64(i%fine)+0.5)/fine)/float64(size), (float64(py)+(float64(i/fine)+0.5)/fine)/float64(size))
				a := int(c.A)
				red, green, blue, alpha = red+int(c.R)*a, green+int(c.G)*a, blue+int(c.B)*a, alpha+a
			}
			if alpha > 0 {
				img.SetNRGBA(px, py, color.NRGBA{uint8(red / alpha), uint8(green / alpha), uint8(blue / alpha), uint8(alpha / (fine * fine))})
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
