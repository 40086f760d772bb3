package command

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels/markdown"
)

// Message is what a person wrote in a thread, as Slack's or Teams' part of Parley has read it. Mentions of people are tokens
// in it, such as "<@U0ANN>". A mention of the app at its beginning is cut off.
type Message struct {
	Plain    string                   // the characters as typed, without formatting
	Markdown string                   // the same with its formatting
	Tokens   map[string]string        // people's ids by the tokens of their mentions; see Options.Mentions
	ToApp    bool                     // it began with a mention of the app
	NamesApp bool                     // the app is mentioned somewhere in it
	Named    func(text string) string // puts names in place of tokens
}

// Ask sets in a what the message asks for: verb, arguments and text. Verb and arguments are read from Plain. Texts for
// people, such as a reply or a note, are Markdown.
func (m Message) Ask(a *bridge.Action) {
	opt := Options{Mentions: m.Tokens}
	parse := Parse
	a.Origin = bridge.OriginText
	if m.ToApp {
		parse = Mention
		a.Origin = bridge.OriginMention
	}

	p := m.withFormat(parse(m.Plain, opt), parse)
	if p.Verb == bridge.VerbUnknown && p.Text == "" {
		p.Text = m.Markdown
	}

	if p.Verb == bridge.VerbNote { // also "!note": of an edited message, only the marker is looked at
		p.Marker = bridge.MarkNote
	}

	p.WithNames(m.Named).Fill(a)
	a.Raw = m.Named(a.Raw)
	a.MentionsBot = m.NamesApp && !p.Explicit
}

// Slash reads the message as what was typed behind a slash command. Its text is Markdown, as in Ask.
func (m Message) Slash(command string) Parsed {
	parse := func(text string, opt Options) Parsed { return Slash(command, text, opt) }
	return m.withFormat(parse(m.Plain, Options{Mentions: m.Tokens}), parse).WithNames(m.Named)
}

// withFormat returns p with its text as Markdown. p is what parse has made of Plain.
func (m Message) withFormat(p Parsed, parse func(string, Options) Parsed) Parsed {
	withText := []bridge.Verb{bridge.VerbSay, bridge.VerbNote, bridge.VerbReply, bridge.VerbNew} // the others have no text for people
	if slices.Contains(withText, p.Verb) {
		p.Text = m.textOf(p, parse(m.Markdown, Options{Mentions: m.Tokens}))
	}
	return p
}

// textOf returns the text of p as Markdown. formatted is what the parser has made of the Markdown, and its text is the one,
// unless signs of Markdown made another verb, account or recipient of it: "new +1 \(415\) 555-0100". Then the text of p
// is escaped instead.
func (m Message) textOf(p, formatted Parsed) string {
	isSame := formatted.Verb == p.Verb && formatted.Marker == p.Marker && formatted.Args.StartArgs == p.Args.StartArgs
	if isSame && formatted.Text != "" {
		before, _, _ := strings.Cut(m.Markdown, formatted.Text)
		before = strings.TrimRight(before, " ")
		isInsideLine := before != "" && !strings.HasSuffix(before, "\n")
		if isInsideLine {
			return markdown.Opening(formatted.Text)
		}
		return formatted.Text
	}
	w := markdown.NewWriter()
	w.Literal(m.Named(p.Text)) // names first, since Literal would escape the tokens
	return w.Text().Markdown
}
