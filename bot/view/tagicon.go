package view

import (
	"encoding/hex"
	"math"
	"strings"
)

// TagIcon returns the emoji shortcode of the square that looks most like a color: "large_red_square" for "#dc2626". Chats
// that can't draw colored labels show a tag's color in this way. An invalid color has the icon "white_medium_square".
func TagIcon(color string) string {
	tag, ok := parseShade(color)
	if !ok {
		return "white_medium_square"
	}

	nearest := ""
	minDistance := math.Inf(1)
	for _, square := range []struct {
		name  string
		shade shade // as the emoji is usually drawn
	}{
		{"large_red_square", shadeOf(0xdd, 0x2e, 0x44)},
		{"large_orange_square", shadeOf(0xf4, 0x90, 0x0c)},
		{"large_yellow_square", shadeOf(0xfd, 0xcb, 0x58)},
		{"large_green_square", shadeOf(0x78, 0xb1, 0x59)},
		{"large_blue_square", shadeOf(0x55, 0xac, 0xee)},
		{"large_purple_square", shadeOf(0xaa, 0x8e, 0xd6)},
		{"large_brown_square", shadeOf(0xc1, 0x69, 0x4f)},
		{"black_large_square", shadeOf(0x31, 0x37, 0x3d)},
		{"white_large_square", shadeOf(0xe6, 0xe7, 0xe8)},
	} {
		if distance := tag.distanceTo(square.shade); distance < minDistance {
			nearest = square.name
			minDistance = distance
		}
	}
	return nearest
}

// shade is a color in the HSV model. Distances between shades match what people see better than distances in RGB.
type shade struct {
	hue        float64 // in degrees: red is 0, green 120, blue 240
	saturation float64 // from 0, which is grey, to 1
	brightness float64 // from 0, which is black, to 1; HSV calls it value
}

// parseShade reads a color such as "#dd2e44".
func parseShade(color string) (s shade, ok bool) {
	digits, hasHash := strings.CutPrefix(color, "#")
	rgb, err := hex.DecodeString(digits)
	if !hasHash || err != nil || len(rgb) != len("rgb") {
		return shade{}, false
	}
	return shadeOf(rgb[0], rgb[1], rgb[2]), true
}

func shadeOf(r, g, b uint8) shade {
	red, green, blue := float64(r), float64(g), float64(b)
	most := max(red, green, blue)
	spread := most - min(red, green, blue)
	s := shade{brightness: most / math.MaxUint8}
	if spread == 0 {
		return s
	}

	s.saturation = spread / most
	switch most {
	case red:
		s.hue = 60 * (green - blue) / spread
	case green:
		s.hue = 120 + 60*(blue-red)/spread
	default:
		s.hue = 240 + 60*(red-green)/spread
	}
	return s
}

// isGrey reports whether a color has no visible hue.
func (s shade) isGrey() bool {
	const minSaturation, minBrightness = 0.3, 0.2
	return s.saturation < minSaturation || s.brightness < minBrightness
}

// The full range of brightness or saturation is worth this many degrees of hue. Brown differs from orange and red mainly in
// brightness, which therefore has the greater weight.
const (
	brightnessWeight = 100
	saturationWeight = 40
)

// distanceTo returns how different two colors look, in degrees of hue. A grey is infinitely far from any other color.
func (s shade) distanceTo(other shade) float64 {
	brightness := brightnessWeight * (s.brightness - other.brightness)
	switch {
	case s.isGrey() != other.isGrey():
		return math.Inf(1)
	case s.isGrey():
		return math.Abs(brightness)
	}
	hue := math.Remainder(s.hue-other.hue, 360) // the shorter way around the circle
	saturation := saturationWeight * (s.saturation - other.saturation)
	return math.Hypot(hue, math.Hypot(saturation, brightness))
}
