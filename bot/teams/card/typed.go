package card

import (
	"cmp"
	"slices"
	"strings"

	"parley/channels/markdown"
)

// This file reads what a person typed in Teams. A message usually has HTML, and entities that say whom it mentions:
//
//	<p><at id="0">Parley</at> ask <at id="1">Ann</at></p>
//	entities: mention 0 is the app "28:…", mention 1 is a person with an Entra object id
//
// The result is Markdown, in which each mention is a token: "ask <@Ann's object id>". Mentions of our own app are
// removed and reported (Text.Bot, Text.Leads).

// Typed is a person's message as Teams gives it.
type Typed struct {
	HTML     string         // its text/html attachment or its body in Graph; "" if it has none
	Text     string         // text of the activity
	Format   string         // textFormat of Text: plain, markdown or xml
	Mentions []TypedMention // in the order of its entities
	Quotes   bool           // it has an entity of the type quotedReply; Text has elements for the quoted messages
	Bot      string         // our app's id, in the form of TypedMention.ID ("28:…")
}

// TypedMention is a mention entity of a person's message.
type TypedMention struct {
	ID    string // mentioned.id: "28:…" for a bot, "29:…" for a person
	User  string // the person's Entra object id; "" if it isn't known
	Name  string
	Text  string // the mention in Typed.Text: "<at>Ann</at>"; "" for messages from Graph
	Index int    // the id attribute of its <at> in Typed.HTML; in activities, its index among the mentions
}

// Text is what somebody typed.
type Text struct {
	Markdown string            // canonical; mentions are tokens such as <@id>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // who else is mentioned: Entra object ids, or Teams ids, or names
	Tokens   map[string]string // token → the id in Mentions, for command.Options
	Names    map[string]string // token → name
	Bot      bool              // our app is mentioned
	Leads    bool              // the text begins with a mention of our app
	Files    []string          // ids of the attachments to which it refers
	Images   []string          // addresses of the pictures in it
	Clips    []string          // what only Teams can show: "GIF", "sticker", "video", "recording"
	Quotes   []string          // ids of the messages that it quotes; their words are left out
	Forwards bool              // it forwards a message, whose words are left out
}

// WithNames replaces the tokens in s by names.
func (t Text) WithNames(s string) string { return markdown.NameMentions(s, t.Names) }

// maxHTMLBytes bounds the HTML that is parsed, because parsing hostile markup takes quadratic time. Teams itself limits
// a message to about 100 KB.
const maxHTMLBytes = 160 << 10

// ReadText reads what somebody typed, from its HTML if it has any. It never fails: what it can't interpret is kept as
// text. A mention counts only if it has an entity, because anybody can type a name.
func ReadText(t Typed) Text {
	r := reader{writer: markdown.NewWriter(), typed: t, used: make([]bool, len(t.Mentions))}
	r.out.Names = map[string]string{}
	if t.Quotes {
		r.typed.Text = r.removeQuotePlaces(t.Text)
	}

	r.out.Bot = slices.ContainsFunc(t.Mentions, r.isMentionOfUs)
	r.readBestFormat()
	r.flushLine()
	text := r.writer.Text()
	r.out.Mentions, r.out.Tokens = append(text.Mentions, r.nameOnly...), text.Tokens
	if r.out.Markdown == "" { // readMarkdown sets it, the others use the writer
		r.out.Markdown, r.out.Plain = text.Markdown, text.Plain
	}

	return r.out
}

// readBestFormat reads the HTML if it can be parsed, and otherwise the text.
func (r *reader) readBestFormat() {
	if r.typed.HTML != "" && r.readHTML(r.typed.HTML) {
		return
	}
	if r.typed.Format == "xml" && r.readHTML(r.typed.Text) {
		return
	}
	if r.typed.Format == "markdown" {
		r.readMarkdown()
		return
	}
	r.readPlainText()
}

func (r *reader) isMentionOfUs(m TypedMention) bool { return m.ID == r.typed.Bot && m.ID != "" }

// useEntity marks an entity as used, and returns the id of the person or bot that it mentions; "" if only the name is
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

// writeMention writes the mention of an entity. It leaves out mentions of our app and the spaces after them.
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

// noteNameOnly records a mention of which only the name is known, such as a channel or a team. It matters, because a
// text with such a mention is for colleagues.
func (r *reader) noteNameOnly(m TypedMention) { r.nameOnly = append(r.nameOnly, "@"+m.Name) }

// isEmpty reports whether no text has been read yet.
func (r *reader) isEmpty() bool {
	hasText := func(run markdown.Run) bool { return strings.TrimSpace(run.Text) != "" }
	return r.writer.Empty() && !slices.ContainsFunc(r.line, hasText)
}

// findEntity returns the index in Typed.Mentions of the entity that belongs to an <at> element: an unused one with the
// element's id attribute (index) and words, or else the first unused one with its words. It returns -1 if there is
// none.
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

// hasWords reports whether an entity has the words of an <at> element. White space is ignored.
func hasWords(m TypedMention, words string) bool {
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if m.Text == "" {
		return fold(m.Name) == fold(words)
	}
	return fold(Words(m.Text)) == fold(words)
}

// readPlainText reads Typed.Text as text without markup except mentions.
func (r *reader) readPlainText() {
	for _, s := range r.splitAtMentions(r.typed.Text) {
		if s.isMention {
			r.writeMention(s.entity)
			continue
		}
		for i, line := range strings.Split(strings.ReplaceAll(s.text, "\r\n", "\n"), "\n") {
			if i > 0 {
				r.endLine()
			}
			r.addText(line, markdown.Style{}, "")
		}
	}
}

// readMarkdown reads Typed.Text as Markdown.
func (r *reader) readMarkdown() {
	text := ""
	for _, s := range r.splitAtMentions(r.typed.Text) {
		if s.isMention {
			text += r.mentionMarkdown(s.entity, strings.TrimSpace(text) == "")
			continue
		}
		if r.skipSpaces {
			s.text = strings.TrimLeft(s.text, " \u00a0\t")
		}
		r.skipSpaces = false
		text += s.text
	}

	r.out.Markdown = strings.TrimSpace(text)
	r.out.Plain = markdown.Plain(markdown.Parts(r.out.Markdown))
}

// mentionMarkdown returns the Markdown of an entity's mention; "" for a mention of our app. isFirst means that no text
// comes before it.
func (r *reader) mentionMarkdown(entity int, isFirst bool) string {
	m := r.typed.Mentions[entity]
	if r.isMentionOfUs(m) {
		r.skipSpaces = true
		r.out.Leads = r.out.Leads || isFirst
		return ""
	}

	id := r.useEntity(entity)
	if id == "" {
		r.noteNameOnly(m)
		return "@" + m.Name
	}
	r.writer.User(id)
	return markdown.MentionToken(id)
}

// segment is a part of a text: a mention, or text between mentions, which may be empty.
type segment struct {
	text      string
	isMention bool
	entity    int // of a mention: its index in Typed.Mentions
}

// splitAtMentions splits a text at its mentions, and marks their entities as used.
func (r *reader) splitAtMentions(s string) []segment {
	var out []segment
	for s != "" {
		at, entity, found := r.firstMention(s)
		if !found {
			break
		}
		r.used[entity] = true
		out = append(out, segment{text: s[:at]}, segment{isMention: true, entity: entity})
		s = s[at+len(r.typed.Mentions[entity].Text):]
	}
	return append(out, segment{text: s})
}

// firstMention finds the first mention of an unused entity in a text. at is its offset in s, and entity its index in
// Typed.Mentions.
func (r *reader) firstMention(s string) (at, entity int, found bool) {
	for i, m := range r.typed.Mentions {
		if r.used[i] || m.Text == "" {
			continue
		}
		j := strings.Index(s, m.Text)
		if j >= 0 && (!found || j < at) {
			at, entity, found = j, i, true
		}
	}
	return at, entity, found
}
