package slackfake

import (
	"fmt"
	"strconv"
	"strings"
)

// CanonicalEmoji returns the name under which Slack stores a reaction. Some emoji have several names for the
// same reaction: "thumbsup" is stored as "+1". A skin tone is kept: "thumbsup::skin-tone-2". Only common
// aliases are known; any other name is returned unchanged.
// Source: github.com/iamcal/emoji-data, which has Slack's names, read 2026-11.
func CanonicalEmoji(name string) string {
	base, tone, hasTone := strings.Cut(name, "::")
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

	if hasTone {
		return base + "::" + tone
	}

	return base
}

// WithShortcodes replaces emoji with their names, as Slack does in texts without formatting, such as the
// arguments of a slash command: 👍 becomes ":+1:", and 👍🏻 becomes ":+1::skin-tone-2:". Only a few emoji are known.
func WithShortcodes(typed string) string {
	const firstTone, firstToneNumber, tones = 0x1f3fb, 2, 5
	var pairs []string // earlier pairs take precedence, so an emoji with a tone comes before the same without
	known := []string{"wave", "+1", "smile", "slightly_smiling_face", "tada", "heart", "white_check_mark", "eyes", "fire", "flag-de"}
	for _, name := range known {
		characters := charactersOf(name)
		for n := range tones {
			pairs = append(pairs, characters+string(rune(firstTone+n)), fmt.Sprintf(":%s::skin-tone-%d:", name, firstToneNumber+n))
		}
		pairs = append(pairs, characters, ":"+name+":")
	}
	return strings.NewReplacer(pairs...).Replace(typed)
}

// charactersOf returns an emoji that emojiCode knows as a string of Unicode characters.
func charactersOf(name string) string {
	var b strings.Builder
	for code := range strings.SplitSeq(emojiCode(name), "-") {
		if char, err := strconv.ParseUint(code, 16, 32); err == nil {
			b.WriteRune(rune(char))
		}
	}
	return b.String()
}
