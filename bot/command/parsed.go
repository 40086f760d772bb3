package command

import "parley/bridge"

// Options of a parse.
type Options struct {
	// Mentions has the surface's user id of each mention, by the exact
	// characters that stand for it in the text, such as "<@U0ANN>". The surface
	// replaces mentions of channels by "#name" before it parses.
	Mentions map[string]string
}

// Parsed is what a text asks for: parts of a bridge.Action.
type Parsed struct {
	Verb     bridge.Verb
	Args     bridge.Args
	Text     string // VerbSay, VerbReply, VerbNote: without marker, verb and escape
	Marker   bridge.Marker
	Explicit bool          // "@Parley reply: …"
	Unknown  string        // VerbUnknown: the word that isn't a verb, as typed
	Meant    *bridge.Meant // VerbUnknown: the verb that was probably meant, with what follows it; nil if there is none
	// Err says for people what is wrong with the arguments. With VerbUnknown they
	// can't be used (Args.Note holds Err too, so that the engine can say it); with
	// any other verb something is missing that a form may ask for.
	Err string
}

// Named returns p with its texts as they are shown to people and kept: named puts names in place of the tokens of mentions.
func (p Parsed) Named(named func(text string) string) Parsed {
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
