package bridge

import (
	"slices"
	"strings"
)

// NoVerb takes an emoji's usual verb off, in the emoji of a team.
const NoVerb = "none"

// EmojiVerbs are the verbs that an emoji can stand for.
func EmojiVerbs() []Verb { return []Verb{VerbTake, VerbResolve, VerbSnooze, VerbKeep, VerbUndo} }

// EmojiArgs are the arguments of a verb that an emoji stands for.
func EmojiArgs(v Verb) Args {
	if v == VerbSnooze {
		return Args{Until: "tomorrow"}
	}
	return Args{}
}

// EmojiName gives the name by which an emoji is looked up: without colons and skin tone.
func EmojiName(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(strings.Trim(strings.TrimSpace(name), ":")), ":")
	return name
}

// emojiActions replaces the usual verbs of emoji by those that a team has chosen for its channels.
func (d *directory) emojiActions(surface int64, actions []Action) []Action {
	for i, a := range actions {
		if a.Origin != OriginEmoji || a.Verb == VerbUnreact {
			continue
		}
		team := d.teamOfChannel(surface, a.Place.Channel)
		if team == nil {
			continue
		}
		verb := Verb(team.Emoji[EmojiName(a.Args.Emoji)])
		if verb == "" {
			continue
		}
		name := a.Args.Emoji
		a.Verb, a.Args = VerbReact, Args{}
		if verb != NoVerb {
			a.Verb, a.Args = verb, EmojiArgs(verb)
		}
		a.Args.Emoji = name
		actions = slices.Clone(actions) // others may read them
		actions[i] = a
	}
	return actions
}
