package view

import (
	"math"
	"strconv"
	"strings"
)

// TagIcon is the emoji shortcode of the coloured square that comes nearest to a tag's colour,
// for surfaces without pills.
func TagIcon(color string) string {
	tag, ok := parseColor(color)
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
	minDistance := math.MaxInt
	for _, s := range squares {
		square, _ := parseColor(s.color)
		distance := tag.distanceTo(square)
		if distance < minDistance {
			nearest = s.name
			minDistance = distance
		}
	}

	return nearest
}

// rgb is a color: its red, green and blue light, each up to 255.
type rgb struct{ red, green, blue int }

// parseColor reads a color such as "#dd2e44".
func parseColor(s string) (color rgb, ok bool) {
	const base, bits, byteBits = 16, 32, 8
	value, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), base, bits)
	if err != nil || len(s) != len("#rrggbb") {
		return rgb{}, false
	}
	return rgb{red: int(value >> (2 * byteBits)), green: int(uint8(value >> byteBits)), blue: int(uint8(value))}, true
}

// distanceTo returns how far two colors are apart: the square of their distance in space.
func (c rgb) distanceTo(other rgb) int {
	red, green, blue := c.red-other.red, c.green-other.green, c.blue-other.blue
	return red*red + green*green + blue*blue
}
