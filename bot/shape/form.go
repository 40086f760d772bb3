package shape

import (
	"strings"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels/markdown"
)

// Form is a dialog that asks for the arguments of a verb, as it looks in every chat. view.NewForm makes it, the chat's
// renderer draws it, and view.Submit makes a Filled of what comes back.
type Form struct {
	Title  string // at most 24 runes
	Verb   bridge.Verb
	Args   bridge.Args // known already: they come back with what is filled in
	Intro  []Block     // text above the fields
	Quick  []Button    // these act at once, in place of filling in the fields
	Fields []Field
	Submit string // label of the button, at most 24 runes
	Files  bool   // files can be attached, where the chat has a way for that

	At time.Time // when the form was made; "in 2 hours" in a field counts from then
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

// Field of a Form. Its value is a list of strings; that of a text has one.
type Field struct {
	Name     string // key among the submitted values
	Kind     FieldKind
	Label    string
	Hint     string
	Example  string // shown while empty
	Options  []Option
	Value    []string // what stands in it at first
	Optional bool
	MaxRunes int // 0 means the chat's own limit
}

// MaxInputRunes returns how many characters of a text f takes, in a chat whose inputs take limit at most.
func (f Field) MaxInputRunes(limit int) int {
	if f.MaxRunes > 0 {
		return min(f.MaxRunes, limit)
	}
	return limit
}

// CutText returns f with its text cut to MaxInputRunes. If something is cut, the hint says so.
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

// FormInput is what view.NewForm makes a form of. Lists that the verb's form doesn't offer may be nil.
type FormInput struct {
	Verb   bridge.Verb
	Facts  bridge.Facts
	Args   bridge.Args // those of the button that opens the form
	Text   string      // Markdown: the message that it is about, or a text that somebody has begun
	Author string      // VerbSend: who wrote that message; "" if the viewer did
	People []bridge.AgentRef
	Teams  []string
	Tags   []bridge.Tag

	Templates bridge.Templates
	Now       time.Time

	Accounts  []bridge.AccountRef     // VerbNew: those that the agent may use
	Can       bridge.Capabilities     // VerbReply: what the conversation's account can send
	Said      []bridge.Said           // VerbReply: the customer's messages in the post that is answered
	Suggested []bridge.SuggestedReply // VerbReply: those that Args.Suggestion names; nil if they are out of date
	Count     *bridge.Count           // VerbReply, VerbNew: as how many texts Text counts; nil if the provider doesn't count
}

// Filled is what a submitted form asks for: parts of a bridge.Action.
type Filled struct {
	Verb bridge.Verb
	Args bridge.Args
	Text string
	Next bool         // a further form of this Verb and Args comes next; nothing is done before
	Rich *bridge.Rich // buttons, lists and the like that go with a reply; nil if there are none
}
