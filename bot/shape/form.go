package shape

import (
	"strings"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels/markdown"
)

// Form describes a dialog that asks for the arguments of a verb, independently of the chat that shows it. A verb is a
// request that an agent can make: the form of "snooze" asks how long. view.NewForm makes the Form, the chat's renderer
// draws it, and view.Submit turns the values that the agent submits into a Filled.
type Form struct {
	Title  string // at most 24 runes
	Verb   bridge.Verb
	Args   bridge.Args // arguments that are known already; they are submitted together with the fields
	Intro  []Block     // text above the fields
	Quick  []Button    // buttons for common choices, which submit at once
	Fields []Field
	Submit string // label of the submit button, at most 24 runes
	Files  bool   // offers to attach files, if the chat supports that

	At time.Time // when the form was made; a field's "in 2 hours" counts from then
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

// Field is an input of a Form.
type Field struct {
	Name     string // key of the submitted value
	Kind     FieldKind
	Label    string
	Hint     string
	Example  string // placeholder
	Options  []Option
	Value    []string // initial value: one string for a text, the values of the chosen Options otherwise
	Optional bool
	MaxRunes int // 0 means the chat's own limit
}

// MaxInputRunes returns the maximum length of the field's text. chatLimit is the chat's own limit.
func (f Field) MaxInputRunes(chatLimit int) int {
	if f.MaxRunes > 0 {
		return min(f.MaxRunes, chatLimit)
	}
	return chatLimit
}

// CutText returns the field with its initial text cut to MaxInputRunes. If anything is cut, the hint says so.
func (f Field) CutText(chatLimit int) Field {
	isText := f.Kind == FieldText || f.Kind == FieldLong
	if !isText || len(f.Value) == 0 {
		return f
	}
	maxRunes := f.MaxInputRunes(chatLimit)
	if utf8.RuneCountInString(f.Value[0]) <= maxRunes {
		return f
	}
	f.Value = []string{markdown.Cut(f.Value[0], maxRunes-1) + "…"}
	f.Hint = strings.TrimSpace("This was too long for the form: its end is missing. " + f.Hint)
	return f
}

// Option is a choice of a FieldOne or FieldSeveral.
type Option struct {
	Value string
	Label string
}

// FormInput is the input of view.NewForm. Lists that the verb's form doesn't offer may be nil.
type FormInput struct {
	Verb   bridge.Verb
	Facts  bridge.Facts // the conversation
	Args   bridge.Args  // the arguments of the button that opens the form
	Text   string       // Markdown: the message that the form is about, or a draft
	Author string       // VerbSend: who wrote the message; "" if the reader of the form did
	People []bridge.AgentRef
	Teams  []string
	Tags   []bridge.Tag

	Profile   bridge.Profile     // VerbCustomer
	Choices   bridge.ListChoices // VerbList
	Templates bridge.Templates
	Canned    []bridge.Canned // VerbReply, VerbCanned, VerbCannedEdit
	Now       time.Time

	Spoken    []bridge.SpokenMessage  // the messages to choose from, oldest first
	Rows      []bridge.Facts          // VerbSeveral: the conversations to choose from
	Accounts  []bridge.AccountRef     // VerbNew: the accounts that the agent may use
	Can       bridge.Capabilities     // VerbReply: what the conversation's account can send
	Said      []bridge.Said           // VerbReply: the customer's messages that the reply may answer
	Suggested []bridge.SuggestedReply // VerbReply: those of which Args.Suggestion names one; nil if there are none, or they are outdated
	Count     *bridge.Count           // VerbReply, VerbNew: how many messages Text becomes; nil if the provider doesn't split texts
}

// Filled is the request that a submitted form makes. It becomes a bridge.Action.
type Filled struct {
	Verb bridge.Verb
	Args bridge.Args
	Text string
	Next bool         // another form has to be filled in first; it gets this Verb and Args
	Rich *bridge.Rich // the interactive part of a reply, such as buttons; nil if it has none
}
