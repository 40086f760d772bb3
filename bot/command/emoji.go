package command

import (
	"strings"

	"parley/bridge"
)

// emojiVerb is an emoji that does what a verb does.
type emojiVerb struct {
	verb  bridge.Verb
	args  bridge.Args
	names []string
}

// emojiVerbs is the default map. Of the marks that we make on messages, only that of what
// waits and that of what stays inside are among them: who joins in takes it back, or keeps it inside.
func emojiVerbs() []emojiVerb {
	return []emojiVerb{
		{bridge.VerbTake, bridge.Args{}, []string{"eyes", "raised_hand", "hand", "raising_hand"}},
		{bridge.VerbResolve, bridge.Args{}, []string{"white_check_mark"}},
		{bridge.VerbSnooze, bridge.Args{Until: "tomorrow"}, []string{"zzz", "alarm_clock", "sleeping"}},
		{bridge.VerbKeep, bridge.Args{}, []string{"lock", "no_mouth", "zipper_mouth_face"}},
		{bridge.VerbUndo, bridge.Args{}, []string{"leftwards_arrow_with_hook", "rewind", "hourglass_flowing_sand"}},
	}
}

// Emoji gives the verb that an emoji stands for, by its shortcode with or without
// colons and skin tone.
func Emoji(name string) (bridge.Verb, bridge.Args, bool) {
	name, _, _ = strings.Cut(strings.ToLower(strings.Trim(name, ":")), ":")
	for _, e := range emojiVerbs() {
		for _, n := range e.names {
			if n == name {
				return e.verb, e.args, true
			}
		}
	}
	return "", bridge.Args{}, false
}
