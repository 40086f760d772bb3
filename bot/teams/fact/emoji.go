package fact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/teams/card"
	"parley/bot/verb"
)

// emojiName returns the shortcode of a reaction such as "like" or "1f440_eyes", if that emoji stands for a
// verb. Other reactions keep the name that Teams uses. Most of Teams' names begin with the emoji's code points.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
func emojiName(reaction string) string {
	reaction, _, _ = strings.Cut(reaction, "-tone") // of the skin
	switch reaction {                               // those without code points
	case "holdon":
		return "hourglass"
	case "sleepingface":
		return "sleeping"
	case "blankface":
		return "no_mouth"
	case "happy_person_raising_one_hand":
		return "raising_hand"
	}

	points, name, ok := strings.Cut(reaction, "_")
	if !ok {
		return reaction
	}
	first, _, _ := strings.Cut(points, "-") // more code points follow
	for _, short := range card.Shortcodes(first) {
		if _, _, ok := verb.Emoji(short); ok {
			return short
		}
	}
	return name
}

// ReactionType returns what Teams calls a reaction that Graph shows as a character, such as "👀", and calls by a name such as "Eyes":
// "1f440_eyes". What Graph shows by a name, such as "like", has the same name in Teams.
func ReactionType(shown, name string) string {
	first, size := utf8.DecodeRuneInString(shown)
	isCharacter := size > 1
	if !isCharacter {
		return shown
	}
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	return fmt.Sprintf("%x_%s", first, letters)
}
