package card

import (
	"strings"

	"parley/bot/shape"
)

// findEmoji returns the characters of a shortcode: "🎉" for "tada" or ":tada:". It returns "" for an unknown shortcode,
// because Teams would show its name.
func findEmoji(name string) string {
	switch name = strings.Trim(name, ":"); name {
	case "email": // Slack's is an envelope
		return "📧"
	case "city_sunset": // Slack's is at dusk
		return "🌇"
	}
	return shape.FindEmoji(name)
}
