package kit

import (
	"fmt"
	"strconv"
	"strings"
)

// CanonicalEmoji returns the name under which Slack keeps a reaction. Some emoji have several names, and a
// reaction with another name is the same reaction: "thumbsup" is "+1". It knows the common ones.
// Source: github.com/iamcal/emoji-data, which has Slack's names, read 2026-11.
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

// WithShortcodes replaces emoji by their names, as Slack does where a text has no rich text, such as behind a
// slash command: 👍 becomes ":+1:", and 👍🏻 ":+1::skin-tone-2:". It knows only a few emoji.
func WithShortcodes(typed string) string {
	const firstTone, firstToneNumber, tones = 0x1f3fb, 2, 5
	var pairs []string // at each place of a text the first one that fits counts
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

// charactersOf returns the characters of an emoji that emojiCode knows.
func charactersOf(name string) string {
	var b strings.Builder
	for code := range strings.SplitSeq(emojiCode(name), "-") {
		if char, err := strconv.ParseUint(code, 16, 32); err == nil {
			b.WriteRune(rune(char))
		}
	}
	return b.String()
}
