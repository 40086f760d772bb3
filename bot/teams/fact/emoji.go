package fact

import (
	"strings"
)

// emojiNames gives the shortcodes of the reactions that stand for verbs, by the code points with which
// Teams' names for them begin. Other reactions keep the name that Teams uses.
const emojiNames = `
1f440 eyes|270b raised_hand|1f64b raising_hand|2705 white_check_mark|1f4a4 zzz|23f0 alarm_clock|1f634 sleeping|1f512 lock|
1f636 no_mouth|1f910 zipper_mouth_face|21a9 leftwards_arrow_with_hook|23ea rewind|23f3 hourglass_flowing_sand`

// emojiName gives the shortcode of a reaction such as "like" or "1f440_eyes".
// Source: npm @microsoft/teams.api 2.1.0, MessageReactionType.
func emojiName(reaction string) string {
	points, name, ok := strings.Cut(reaction, "_")
	if !ok {
		return reaction
	}
	first, _, _ := strings.Cut(points, "-") // skin tones and variation selectors follow
	for entry := range strings.SplitSeq(strings.ReplaceAll(emojiNames, "\n", ""), "|") {
		if point, short, _ := strings.Cut(entry, " "); point == first {
			return short
		}
	}
	return name
}
