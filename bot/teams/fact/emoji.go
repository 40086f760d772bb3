package fact

import (
	"strings"

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
