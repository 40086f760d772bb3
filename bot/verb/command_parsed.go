package verb

import "parley/bridge"

// Options of a parse.
type Options struct {
	// Mentions has the chat's user id of each mention, by the exact characters that stand for it in the text, such as
	// "<@U0ANN>". Mentions of channels are "#name" in the text already.
	Mentions map[string]string
}

// Parsed is what a typed text asks for, before it is known who typed it and where. Fill makes it a part of a bridge.Action.
type Parsed struct {
	Verb     bridge.Verb // VerbSay for a text without a verb
	Args     bridge.Args
	Text     string // VerbSay, VerbReply, VerbNote: the text without verb and marker
	Marker   bridge.Marker
	Explicit bool          // "@Parley reply: …": it is surely for the customer
	Unknown  string        // VerbUnknown: the word that isn't a verb, as typed
	Meant    *bridge.Meant // VerbUnknown: the verb that was probably meant, with what follows it; nil if there is none

	// Err says for people what is wrong with the arguments. With VerbUnknown, they can't be used, and Args.Note is Err, too,
	// so that the engine can say it. With any other verb, something is missing that a form may ask for.
	Err string
}

// WithNames returns p with names in place of the tokens of mentions, as its texts are kept and shown to people.
func (p Parsed) WithNames(named func(text string) string) Parsed {
	p.Text = named(p.Text)
	p.Args.Note = named(p.Args.Note)
	if p.Meant != nil {
		meant := *p.Meant
		meant.Args.Note = named(meant.Args.Note)
		p.Meant = &meant
	}
	return p
}

// Fill puts into an action what its text asks for.
func (p Parsed) Fill(a *bridge.Action) {
	a.Verb, a.Args, a.Text = p.Verb, p.Args, p.Text
	a.Marker, a.Explicit, a.Meant = p.Marker, p.Explicit, p.Meant
}
