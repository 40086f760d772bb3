package teams

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/verb"
)

// A reaction is named in three ways: Parley uses shortcodes ("eyes"), Teams uses names that mostly begin with the
// emoji's code points ("1f440_eyes"), and Graph uses the character and its title ("👀", "Eyes").

// emojiName returns the shortcode of a reaction with one of Teams' names, if that emoji stands for a verb. For other
// reactions it returns the name without the code points.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
func emojiName(reaction string) string {
	reaction, _, _ = strings.Cut(reaction, "-tone") // skin tone
	switch reaction {                               // names without code points
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
	character, err := strconv.ParseInt(first, 16, 32)
	if err != nil {
		return name
	}
	for _, short := range shape.EmojiNames(rune(character)) {
		if _, _, ok := verb.Emoji(short); ok {
			return short
		}
	}
	return name
}

// ReactionType returns Teams' name of a reaction from Graph: "1f440_eyes" for the character "👀" with the title "Eyes".
// Graph gives a few reactions by a name, such as "like", which Teams uses, too.
func ReactionType(character, title string) string {
	first, size := utf8.DecodeRuneInString(character)
	isASCII := size <= 1
	if isASCII { // a name such as "like"
		return character
	}
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, title)
	return fmt.Sprintf("%x_%s", first, letters)
}
