package command

import (
	"parley/bridge"
	"parley/channels/markdown"
)

// Message is what a person wrote in a thread, as a surface has read it. A mention of the app at
// its beginning is cut off; other mentions are tokens.
type Message struct {
	Plain    string                   // the characters as typed, without formatting
	Markdown string                   // the same with its formatting
	Tokens   map[string]string        // the ids of mentions, by their tokens; see Options.Mentions
	ToApp    bool                     // it began with a mention of the app
	NamesApp bool                     // the app is mentioned somewhere in it
	Named    func(text string) string // puts names in place of the tokens of mentions
}

// Ask fills in what the message asks for: verb, arguments and text. The verb is read from the
// characters as typed, without their formatting; the text of a reply or note, or with which a
// conversation begins, is Markdown.
func (m Message) Ask(a *bridge.Action) {
	opt := Options{Mentions: m.Tokens}
	parse := Parse
	a.Origin = bridge.OriginText
	if m.ToApp {
		parse = Mention
		a.Origin = bridge.OriginMention
	}

	p := parse(m.Plain, opt)
	hasWords := p.Verb == bridge.VerbSay || p.Verb == bridge.VerbNote || p.Verb == bridge.VerbReply
	if hasWords {
		formatted := parse(m.Markdown, opt)
		if formatted.Verb == p.Verb && formatted.Marker == p.Marker {
			p.Text = formatted.Text
		}
	}

	if p.Verb == bridge.VerbNew && p.Text != "" {
		p.Text = m.firstWords(p, parse(m.Markdown, opt))
	}

	if p.Verb == bridge.VerbUnknown && p.Text == "" {
		p.Text = m.Markdown
	}

	if p.Verb == bridge.VerbNote { // also "!note": an edit keeps the marker, not the verb
		p.Marker = bridge.MarkNote
	}

	p.Named(m.Named).Fill(a)
	a.Raw = m.Named(a.Raw)
	a.MentionsBot = m.NamesApp && !p.Explicit
}

// firstWords returns the text with which a conversation begins, as Markdown. It is that of formatted, which was read from the
// Markdown, unless signs of Markdown made its account or recipient another one: "+1 \(415\) 555-0100".
func (m Message) firstWords(p, formatted Parsed) string {
	isSame := formatted.Verb == p.Verb && formatted.Marker == p.Marker && formatted.Args.StartArgs == p.Args.StartArgs
	if isSame && formatted.Text != "" {
		return formatted.Text
	}
	w := markdown.NewWriter()
	w.Literal(m.Named(p.Text)) // before tokens of mentions are escaped
	return w.Text().Markdown
}
