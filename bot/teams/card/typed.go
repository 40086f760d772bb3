package card

import (
	"cmp"
	"slices"
	"strings"

	"parley/channels/markdown"
)

// This file reads what a person typed in Teams. Teams gives it as HTML, mostly, and lists the people whom it mentions beside
// it, as entities. The result has each mention as a token, such as "<@id>". Mentions of our own app are taken out.

// Typed is a person's message as Teams gives it.
type Typed struct {
	HTML     string         // of its text/html attachment or of Graph's body; "" if there is none
	Text     string         // of the activity
	Format   string         // textFormat of Text: plain, markdown or xml
	Mentions []TypedMention // in the order of its entities
	Quotes   bool           // it has an entity of the type quotedReply: places of quoted messages stand in Text
	Bot      string         // our own id as in TypedMention.ID ("28:…")
}

// TypedMention is a mention entity of a person's message. Those of Graph have no Text.
type TypedMention struct {
	ID    string // mentioned.id: "28:…" of a bot, "29:…" of a person
	User  string // the person's Entra object id; "" if it isn't known
	Name  string
	Text  string // as it stands in TypedText.Text: "<at>Ann</at>"
	Index int    // the id attribute of its <at> in TypedText.HTML; in activities its index among the mentions
}

// Text is what somebody typed, with formatting and without, and what was found in it.
type Text struct {
	Markdown string            // canonical; mentions are tokens such as <@id>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // who else is mentioned: Entra object ids, else Teams ids, else names
	Tokens   map[string]string // token → the id in Mentions, for command.Options
	Names    map[string]string // token → name
	Bot      bool              // our app is mentioned
	Leads    bool              // the text begins with a mention of our app
	Files    []string          // ids of attachments to which it refers
	Images   []string          // addresses of pictures that stand in it
	Clips    []string          // what only Teams can show: "GIF", "sticker", "video", "recording"
	Quotes   []string          // ids of the messages that it quotes; their words are left out
	Forwards bool              // it forwards a message, whose words are left out
}

// WithNames replaces the tokens in s by names.
func (t Text) WithNames(s string) string { return markdown.NameMentions(s, t.Names) }

// maxHTMLBytes bounds what is read as HTML, because hostile markup takes a parser a time that grows with the square of its
// length. Teams itself limits a message to about 100 KB.
const maxHTMLBytes = 160 << 10

// ReadText reads what somebody typed, from its HTML if there is some. It never fails: what it can't interpret stays as it is.
// A mention counts only if it has an entity, since anybody can type a name.
func ReadText(t Typed) Text {
	r := reader{writer: markdown.NewWriter(), typed: t, used: make([]bool, len(t.Mentions))}
	r.out.Names = map[string]string{}
	if t.Quotes {
		r.typed.Text = r.removeQuotePlaces(t.Text)
	}

	r.out.Bot = slices.ContainsFunc(t.Mentions, r.isMentionOfUs)
	switch {
	case t.HTML != "" && r.readHTML(t.HTML):
	case t.Format == "xml" && r.readHTML(r.typed.Text):
	case t.Format == "markdown":
		r.readMarkdown()
	default:
		r.readPlainText()
	}

	r.flushLine()
	text := r.writer.Text()
	r.out.Mentions, r.out.Tokens = append(text.Mentions, r.nameless...), text.Tokens
	if r.out.Markdown == "" { // readMarkdown sets it, the others use the writer
		r.out.Markdown, r.out.Plain = text.Markdown, text.Plain
	}

	return r.out
}

func (r *reader) isMentionOfUs(m TypedMention) bool { return m.ID == r.typed.Bot && m.ID != "" }

// useEntity marks an entity as used, and returns the id of the person or bot whom it mentions, or "" if only the name is
// known.
func (r *reader) useEntity(i int) (id string) {
	m := r.typed.Mentions[i]
	r.used[i] = true
	id = cmp.Or(m.User, m.ID)
	if id == "" || strings.ContainsAny(id, "<> \n") {
		return ""
	}
	r.out.Names[markdown.MentionToken(id)] = m.Name
	return id
}

// writeMention writes the mention of an entity. It leaves out mentions of us, together with the spaces behind them.
func (r *reader) writeMention(i int) {
	m := r.typed.Mentions[i]
	if r.isMentionOfUs(m) {
		r.used[i] = true
		r.skipSpaces = true
		if r.isEmpty() {
			r.out.Leads = true
		}
		return
	}

	id := r.useEntity(i)
	if id == "" {
		r.noteNameOnly(m)
		r.addText("@"+m.Name, markdown.Style{}, "")
		return
	}

	r.flushRuns()
	r.beginLine()
	r.writer.User(id)
	r.skipSpaces = false
}

// noteNameOnly remembers a mention of which only the name is known, such as a channel or a team. It counts, because a text
// that mentions these is for colleagues.
func (r *reader) noteNameOnly(m TypedMention) { r.nameless = append(r.nameless, "@"+m.Name) }

// isEmpty reports whether no text was read yet.
func (r *reader) isEmpty() bool {
	hasText := func(run markdown.Run) bool { return strings.TrimSpace(run.Text) != "" }
	return r.writer.Empty() && !slices.ContainsFunc(r.line, hasText)
}

// findEntity returns the index of the entity that belongs to an <at> element: an unused one with the element's id attribute
// (index) and words, or else with its words alone. It returns -1 if there is none.
func (r *reader) findEntity(index int, words string) int {
	at := slices.IndexFunc(r.typed.Mentions, func(m TypedMention) bool { return m.Index == index })
	belongs := func(i int) bool { return !r.used[i] && hasWords(r.typed.Mentions[i], words) }
	if at >= 0 && belongs(at) {
		return at
	}
	for i := range r.typed.Mentions {
		if belongs(i) {
			return i
		}
	}
	return -1
}

// hasWords reports whether an entity has the words of an <at> element. Spaces don't count.
func hasWords(m TypedMention, words string) bool {
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	text := m.Text
	if text == "" {
		return fold(m.Name) == fold(words)
	}
	return fold(Words(text)) == fold(words)
}

// readPlainText reads a text that has no markup except mentions.
func (r *reader) readPlainText() {
	r.splitAtMentions(r.typed.Text, func(s string) {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				r.endLine()
			}
			r.addText(line, markdown.Style{}, "")
		}
	}, r.writeMention)
}

// readMarkdown reads text that is Markdown already.
func (r *reader) readMarkdown() {
	var b strings.Builder
	between := func(s string) {
		if r.skipSpaces {
			s = strings.TrimLeft(s, " \u00a0\t")
		}
		r.skipSpaces = false
		b.WriteString(s)
	}

	r.splitAtMentions(r.typed.Text, between, func(i int) {
		m := r.typed.Mentions[i]
		if r.isMentionOfUs(m) {
			r.used[i] = true
			r.skipSpaces = true
			if strings.TrimSpace(b.String()) == "" {
				r.out.Leads = true
			}
			return
		}

		id := r.useEntity(i)
		if id == "" {
			r.noteNameOnly(m)
			b.WriteString("@" + m.Name)
			return
		}

		r.writer.User(id)
		b.WriteString(markdown.MentionToken(id))
	})

	r.out.Markdown = strings.TrimSpace(b.String())
	r.out.Plain = markdown.Plain(markdown.Parts(r.out.Markdown))
}

// splitAtMentions goes through a text. It calls mention with the index of each entity, and between with each text between
// mentions.
func (r *reader) splitAtMentions(s string, between func(string), mention func(int)) {
	for s != "" {
		at, which, found := r.firstMention(s)
		if !found {
			break
		}
		between(s[:at])
		mention(which)
		s = s[at+len(r.typed.Mentions[which].Text):]
	}
	between(s)
}

// firstMention finds the first mention in a text, of an entity that isn't used yet. at is where in s it begins, and which is
// the index of the entity.
func (r *reader) firstMention(s string) (at, which int, found bool) {
	for i, m := range r.typed.Mentions {
		if r.used[i] || m.Text == "" {
			continue
		}
		j := strings.Index(s, m.Text)
		if j >= 0 && (!found || j < at) {
			at, which, found = j, i, true
		}
	}
	return at, which, found
}
