package verb

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels/markdown"
)

// Message is a chat message that an agent typed, decoded by the Slack or Teams adapter. It exists in two
// forms: "!reply 2*3=6" is parsed as a command in the plain form, so that formatting can't hide or create
// one, while the text that a customer or a colleague reads is taken from the Markdown. Mentions of people are
// tokens, such as "<@U0ANN>". A leading mention of the app is already removed.
type Message struct {
	Plain    string                   // the characters as typed, without formatting
	Markdown string                   // the same text with formatting
	Tokens   map[string]string        // people's ids by the tokens of their mentions; see Options.Mentions
	ToApp    bool                     // the message began with a mention of the app
	NamesApp bool                     // the message mentions the app anywhere
	Named    func(text string) string // replaces tokens with names
}

// Ask fills in what the message asks for: verb, arguments and text.
func (m Message) Ask(action *bridge.Action) {
	opt := Options{Mentions: m.Tokens}
	parse := Parse
	action.Origin = bridge.OriginText
	if m.ToApp {
		parse = Mention
		action.Origin = bridge.OriginMention
	}

	p := m.withFormat(parse(m.Plain, opt), parse)
	if p.Verb == bridge.VerbUnknown && p.Text == "" {
		p.Text = m.Markdown
	}

	if p.Verb == bridge.VerbNote { // also for "!note": edits of a message are judged by their marker alone
		p.Marker = bridge.MarkNote
	}

	p.WithNames(m.Named).Fill(action)
	action.Raw = m.Named(action.Raw)
	action.MentionsBot = m.NamesApp && !p.Explicit
}

// Slash parses the message as the text after a slash command. The text of the result is Markdown, as in Ask.
func (m Message) Slash(command string) Parsed {
	parse := func(text string, opt Options) Parsed { return Slash(command, text, opt) }
	return m.withFormat(parse(m.Plain, Options{Mentions: m.Tokens}), parse).WithNames(m.Named)
}

// withFormat replaces the text of p, the result of parsing Plain, with its Markdown form. Verbs whose text
// nobody reads keep the plain form.
func (m Message) withFormat(p Parsed, parse func(string, Options) Parsed) Parsed {
	textVerbs := []bridge.Verb{bridge.VerbSay, bridge.VerbNote, bridge.VerbReply, bridge.VerbNew}
	if slices.Contains(textVerbs, p.Verb) {
		p.Text = m.textOf(p, parse(m.Markdown, Options{Mentions: m.Tokens}))
	}
	return p
}

// textOf returns the text of p as Markdown. formatted is the result of parsing the Markdown. Its text is used
// if both forms were parsed alike. If Markdown syntax led to another verb, account or recipient, as in
// "new +1 \(415\) 555-0100", the plain text is escaped instead.
func (m Message) textOf(p, formatted Parsed) string {
	isParsedAlike := formatted.Verb == p.Verb && formatted.Marker == p.Marker && formatted.Args.StartArgs == p.Args.StartArgs
	if isParsedAlike && formatted.Text != "" {
		before, _, _ := strings.Cut(m.Markdown, formatted.Text)
		before = strings.TrimRight(before, " ")
		startsMidLine := before != "" && !strings.HasSuffix(before, "\n")
		if startsMidLine {
			return markdown.Opening(formatted.Text)
		}
		return formatted.Text
	}
	w := markdown.NewWriter()
	w.Literal(m.Named(p.Text)) // names first, since Literal would escape the tokens
	return w.Text().Markdown
}
