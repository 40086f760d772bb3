package fact

import (
	"strings"

	"parley/bot/teams/card"
	"parley/bot/verb"
)

// emojiName returns the shortcode of a reaction such as "like" or "1f440_eyes", if that emoji stands for a
// verb. Other reactions keep the name that Teams uses. Teams' names begin with the emoji's code points.
// Source: npm @microsoft/teams.api 2.1.0, MessageReactionType.
func emojiName(reaction string) string {
	points, name, ok := strings.Cut(reaction, "_")
	if !ok {
		return reaction
	}
	first, _, _ := strings.Cut(points, "-") // skin tones and variation selectors follow
	for _, short := range card.Shortcodes(first) {
		if _, _, ok := verb.Emoji(short); ok {
			return short
		}
	}
	return name
}
