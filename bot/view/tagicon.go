package view

import (
	"math"
	"strconv"
	"strings"
)

// TagIcon is the emoji shortcode of the coloured square that looks most like a tag's colour,
// for surfaces without pills.
func TagIcon(color string) string {
	tag, ok := parseShade(color)
	if !ok {
		return "white_medium_square"
	}

	squares := []struct{ name, color string }{
		{"large_red_square", "#dd2e44"},
		{"large_orange_square", "#f4900c"},
		{"large_yellow_square", "#fdcb58"},
		{"large_green_square", "#78b159"},
		{"large_blue_square", "#55acee"},
		{"large_purple_square", "#aa8ed6"},
		{"large_brown_square", "#c1694f"},
		{"black_large_square", "#31373d"},
		{"white_large_square", "#e6e7e8"},
	}

	nearest := ""
	minDistance := math.Inf(1)
	for _, s := range squares {
		square, _ := parseShade(s.color)
		distance := tag.distanceTo(square)
		if distance < minDistance {
			nearest = s.name
			minDistance = distance
		}
	}

	return nearest
}

// shade is a color as people see it.
type shade struct {
	hue        float64 // in degrees, from red by green and blue to red
	saturation float64 // from 0, which is grey, to 1
	brightness float64 // from 0, which is black, to 1
}

// parseShade reads a color such as "#dd2e44".
func parseShade(s string) (color shade, ok bool) {
	const base, bits, byteBits, maxLight = 16, 32, 8, 255
	value, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), base, bits)
	if err != nil || len(s) != len("#rrggbb") {
		return shade{}, false
	}

	red, green, blue := float64(value>>(2*byteBits)), float64(uint8(value>>byteBits)), float64(uint8(value))
	most := max(red, green, blue)
	spread := most - min(red, green, blue)
	if spread == 0 {
		return shade{brightness: most / maxLight}, true
	}

	const sixth = 60
	hue := 4*sixth + sixth*(red-green)/spread
	switch most {
	case red:
		hue = sixth * (green - blue) / spread
	case green:
		hue = 2*sixth + sixth*(blue-red)/spread
	}
	return shade{hue: hue, saturation: spread / most, brightness: most / maxLight}, true
}

// isGrey reports whether people see no hue in a color.
func (c shade) isGrey() bool {
	const minSaturation, minBrightness = 0.3, 0.2
	return c.saturation < minSaturation || c.brightness < minBrightness
}

// distanceTo returns how unlike two colors look: by their hues and, which tells brown from orange and red, by how bright and how full
// they are. A grey looks like no other color.
func (c shade) distanceTo(other shade) float64 {
	if c.isGrey() != other.isGrey() {
		return math.Inf(1)
	}

	const perBrightness, perSaturation, circle = 100, 40, 360 // degrees of hue that the whole of each counts for
	brightness := perBrightness * (c.brightness - other.brightness)
	if c.isGrey() {
		return math.Abs(brightness)
	}
	saturation := perSaturation * (c.saturation - other.saturation)
	return math.Hypot(math.Remainder(c.hue-other.hue, circle), math.Hypot(brightness, saturation))
}
