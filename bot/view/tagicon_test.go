package view

import "testing"

// A tag has the square of its hue, however dark or light its colour is.
func TestTagIcon(t *testing.T) {
	t.Parallel()
	for color, want := range map[string]string{
		"#15803d": "large_green_square",
		"#0f766e": "large_blue_square", // teal
		"#1d4ed8": "large_blue_square",
		"#7c3aed": "large_purple_square",
		"#b91c1c": "large_red_square",
		"#be185d": "large_red_square", // pink
		"#ea580c": "large_orange_square",
		"#92400e": "large_brown_square",
		"#facc15": "large_yellow_square",
		"#111827": "black_large_square",
		"#6b7280": "black_large_square",
		"#d1d5db": "white_large_square",
		"green":   "white_medium_square",
		"1234567": "white_medium_square",
	} {
		wantEqual(t, "square of "+color, TagIcon(color), want)
	}
}
