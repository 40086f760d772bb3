package shape

import (
	"strings"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels/markdown"
)

// Form asks for the arguments of a verb.
type Form struct {
	Title  string // At most 24 runes
	Verb   bridge.Verb
	Args   bridge.Args // Kept through the form; verb.Value carries them
	Intro  []Block     // read before the fields
	Quick  []Button    // act at once: people press one in place of filling in the fields
	Fields []Field
	Submit string // label of the button, at most 24 runes
	Files  bool   // files can go with it, where the surface has a way for them

	At time.Time // when the form was made: "in 2 hours" in a field counts from then
}

// FieldKind says how a Field is filled in.
type FieldKind string

// Kinds of fields.
const (
	FieldText    FieldKind = "text"    // one line
	FieldLong    FieldKind = "long"    // several lines, Markdown
	FieldOne     FieldKind = "one"     // one of Options
	FieldSeveral FieldKind = "several" // any of Options
)

// Field of a Form. Values are lists of strings; a text has one.
type Field struct {
	Name     string // key of the values given to Submit
	Kind     FieldKind
	Label    string
	Hint     string
	Example  string // shown while empty
	Options  []Option
	Value    []string // stands in it at first
	Optional bool
	MaxRunes int // 0 means the surface's own limit
}

// MaxInputRunes returns how many characters of a text f takes, in a surface whose inputs take as many as limit.
func (f Field) MaxInputRunes(limit int) int {
	if f.MaxRunes > 0 {
		return min(f.MaxRunes, limit)
	}
	return limit
}

// CutText returns f with the text that stands in it cut to what it takes. Its hint says so then.
func (f Field) CutText(limit int) Field {
	isText := f.Kind == FieldText || f.Kind == FieldLong
	longest := f.MaxInputRunes(limit)
	if isText && len(f.Value) > 0 && utf8.RuneCountInString(f.Value[0]) > longest {
		f.Value = []string{markdown.Cut(f.Value[0], longest-1) + "…"}
		f.Hint = strings.TrimSpace("This was too long for the form: its end is missing. " + f.Hint)
	}
	return f
}

// Option of a choice.
type Option struct {
	Value string
	Label string
}

// FormInput is what NewForm needs. Lists that a verb doesn't use may be nil.
type FormInput struct {
	Verb   bridge.Verb
	Facts  bridge.Facts
	Args   bridge.Args // from the button: Message, Delivery, …
	Text   string      // the message it is about or the text begun, Markdown
	Author string      // VerbSend: who wrote that message; "" if the viewer did
	People []bridge.AgentRef
	Teams  []string
	Tags   []bridge.Tag

	Templates bridge.Templates
	Now       time.Time

	Accounts  []bridge.AccountRef     // VerbNew: all that the agent may use
	Can       bridge.Capabilities     // VerbReply: of the conversation's account
	Said      []bridge.Said           // VerbReply: what the post shows that is answered
	Suggested []bridge.SuggestedReply // VerbReply: what Args.Suggestion names; nil if that is out of date
	Count     *bridge.Count           // VerbReply, VerbNew: of Text, where the provider counts
}

// Filled is what a submitted form asks for: parts of a bridge.Action.
type Filled struct {
	Verb bridge.Verb
	Args bridge.Args
	Text string
	Next bool // the form goes on: NewForm with this Verb and Args comes next
	Rich *bridge.Rich
}
