package bridge

import "strings"

// NoVerb is what a team chooses for an emoji that has no verb in its channels.
const NoVerb = "none"

// EmojiVerbs are the verbs that an emoji can stand for.
func EmojiVerbs() []Verb {
	return []Verb{VerbTake, VerbResolve, VerbSnooze, VerbKeep, VerbUndo, VerbSplit}
}

// EmojiArgs are the arguments of a verb that an emoji stands for.
func EmojiArgs(v Verb) Args {
	if v == VerbSnooze {
		return Args{Until: "tomorrow"}
	}
	return Args{}
}

// EmojiName returns the name by which an emoji is looked up: without colons and skin tone.
func EmojiName(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(strings.Trim(strings.TrimSpace(name), ":")), ":")
	return name
}
