package command

import (
	"errors"

	"parley/bridge"
)

// ErrButton is returned for a button's value that can't be read.
var ErrButton = errors.New("command: button")

// Parse reads what was typed in a thread. Text is what was typed, as Markdown whose
// first characters are not escaped.
func Parse(text string, opt Options) Parsed { return Parsed{Verb: bridge.VerbSay, Text: text} }

// Mention reads what follows "@Parley", the mention itself cut off.
func Mention(text string, opt Options) Parsed { return Parsed{} }

// Slash reads a slash command: command is its name without slash.
func Slash(command, text string, opt Options) Parsed { return Parsed{} }

// Value encodes arguments for a button or a form's private data, at most 2000 bytes.
func Value(args bridge.Args) string { return "" }

// Button reads back what Value wrote for a button of the verb.
func Button(verb, value string) (bridge.Verb, bridge.Args, error) {
	return "", bridge.Args{}, ErrButton
}

// Emoji gives the verb that an emoji stands for, by its shortcode without colons.
func Emoji(name string) (bridge.Verb, bridge.Args, bool) { return "", bridge.Args{}, false }

// Usage explains a verb.
type Usage struct {
	Verb     bridge.Verb
	Words    []string // as typed after "!", the usual one first
	Form     string   // "!snooze TIME"
	Sentence string   // what it does
	Examples []string
	Emoji    []string // shortcodes that do the same
	Button   string   // label of the button that does the same, "" if none
	Slash    bool     // also "/parley #12 …" in a channel
}

// All explains every verb that can be typed, in the order of a help page.
func All() []Usage { return nil }

// Help explains one verb by any of its words, with or without "!".
func Help(word string) (Usage, bool) { return Usage{}, false }
