package command

import "parley/bridge"

// emojiVerb is an emoji that does what a verb does.
type emojiVerb struct {
	verb  bridge.Verb
	names []string
}

// emojiVerbs is the default map, to which a team may add. Of the marks that we make on messages, only that of what
// waits and that of what stays inside are among them: who joins in takes it back, or keeps it inside.
func emojiVerbs() []emojiVerb {
	return []emojiVerb{
		{bridge.VerbTake, []string{"eyes", "raised_hand", "hand", "raising_hand"}},
		{bridge.VerbResolve, []string{"white_check_mark"}},
		{bridge.VerbSnooze, []string{"zzz", "alarm_clock", "sleeping"}},
		{bridge.VerbKeep, []string{"lock", "no_mouth", "zipper_mouth_face"}},
		{bridge.VerbUndo, []string{"leftwards_arrow_with_hook", "rewind", "hourglass_flowing_sand"}},
	}
}

// Emoji gives the verb that an emoji stands for, by its shortcode with or without
// colons and skin tone.
func Emoji(name string) (bridge.Verb, bridge.Args, bool) {
	name = bridge.EmojiName(name)
	for _, e := range emojiVerbs() {
		for _, n := range e.names {
			if n == name {
				return e.verb, bridge.EmojiArgs(e.verb), true
			}
		}
	}
	return "", bridge.Args{}, false
}
