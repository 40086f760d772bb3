package view

import (
	"math"
	"strconv"
	"strings"
)

// TagIcon is the emoji shortcode of the coloured square that comes nearest to a tag's colour,
// for surfaces without pills.
func TagIcon(color string) string {
	rgb, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != len("#rrggbb") {
		return "white_medium_square"
	}
	red, green, blue := int(rgb>>16), int(rgb>>8&0xff), int(rgb&0xff)
	squares := []struct {
		name    string
		r, g, b int
	}{
		{"large_red_square", 0xdd, 0x2e, 0x44},
		{"large_orange_square", 0xf4, 0x90, 0x0c},
		{"large_yellow_square", 0xfd, 0xcb, 0x58},
		{"large_green_square", 0x78, 0xb1, 0x59},
		{"large_blue_square", 0x55, 0xac, 0xee},
		{"large_purple_square", 0xaa, 0x8e, 0xd6},
		{"large_brown_square", 0xc1, 0x69, 0x4f},
		{"black_large_square", 0x31, 0x37, 0x3d},
		{"white_large_square", 0xe6, 0xe7, 0xe8},
	}
	nearest := ""
	minDistance := math.MaxInt
	for _, s := range squares {
		dr, dg, db := red-s.r, green-s.g, blue-s.b
		distance := dr*dr + dg*dg + db*db
		if distance < minDistance {
			nearest = s.name
			minDistance = distance
		}
	}
	return nearest
}
