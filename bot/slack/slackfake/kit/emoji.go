package kit

import "strings"

// CanonicalEmoji returns the name under which Slack keeps a reaction: some emoji have several names, and a second one is no
// second reaction. It knows the common ones. Source: github.com/iamcal/emoji-data, which has Slack's names, read 2026-11.
func CanonicalEmoji(name string) string {
	base, tone, toned := strings.Cut(name, "::")
	switch base {
	case "thumbsup":
		base = "+1"
	case "thumbsdown":
		base = "-1"
	case "satisfied":
		base = "laughing"
	case "raised_hand":
		base = "hand"
	case "punch":
		base = "facepunch"
	case "collision":
		base = "boom"
	case "heavy_exclamation_mark":
		base = "exclamation"
	case "envelope":
		base = "email"
	case "telephone":
		base = "phone"
	}

	if toned {
		return base + "::" + tone
	}

	return base
}
