package card

import (
	"slices"
	"strings"

	"parley/channels/markdown"
)

// Typed is a person's message as Teams gives it.
type Typed struct {
	HTML     string         // of its text/html attachment or of Graph's body, "" = none
	Text     string         // of the activity
	Format   string         // textFormat of Text: plain, markdown or xml
	Mentions []TypedMention // in the order of its entities
	Quotes   bool           // it has an entity of the type quotedReply: places of quoted messages stand in Text
	Bot      string         // our own id as in TypedMention.ID ("28:…")
}

// TypedMention is a mention entity of a person's message. Those of Graph have no Text.
type TypedMention struct {
	ID    string // mentioned.id: "28:…" of a bot, "29:…" of a person
	User  string // the person's Entra object id, "" = not known
	Name  string
	Text  string // as it stands in Typed.Text: "<at>Ann</at>"
	Index int    // the id attribute of its <at> in Typed.HTML: in activities its place among the mentions
}

// Text is what somebody typed, in two forms. Neither has the mentions of us.
type Text struct {
	Markdown string            // canonical; mentions are tokens such as <@id>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // who else is mentioned: Entra object ids, else Teams ids, else names
	Tokens   map[string]string // token → that id, for command.Options
	Names    map[string]string // token → name
	Bot      bool              // we are mentioned
	Leads    bool              // it begins with a mention of us
	Files    []string          // ids of attachments to which it refers
	Images   []string          // addresses of pictures that stand in it
	Quotes   []string          // ids of messages that it quotes; their words are left out
}

// Named replaces the tokens in s by names.
func (t Text) Named(s string) string {
	return markdown.Named(s, t.Names)
}

// htmlMostBytes bounds what is read as HTML: a parser's time grows with the square of
// hostile markup. Teams' own limit of a message is about 100 KB.
const htmlMostBytes = 160 << 10

// ReadText reads what somebody typed, from its HTML where there is some. It never fails: it keeps what it
// doesn't know as it is. A mention counts only if it has an entity, since anybody can type a name.
func ReadText(t Typed) Text {
	r := reader{writer: markdown.NewWriter(), typed: t, used: make([]bool, len(t.Mentions))}
	r.out.Names = map[string]string{}
	if t.Quotes {
		r.typed.Text = r.withoutPlaces(t.Text)
	}
	for _, m := range t.Mentions {
		r.out.Bot = r.out.Bot || r.own(m)
	}
	if read := t.HTML != "" && r.html(t.HTML) || t.Format == "xml" && r.html(r.typed.Text); !read && t.Format == "markdown" {
		r.markdownText()
	} else if !read {
		r.plainText()
	}
	r.flush()
	text := r.writer.Text()
	r.out.Mentions, r.out.Tokens = append(text.Mentions, r.nameless...), text.Tokens
	if r.out.Markdown == "" {
		r.out.Markdown, r.out.Plain = text.Markdown, text.Plain
	}
	return r.out
}

// own says whether we are the one who is mentioned.
func (r *reader) own(m TypedMention) bool { return m.ID == r.typed.Bot && m.ID != "" }

// resolve gives the id of the person or bot whom entity i mentions; "" where only the name is known. The
// entity counts as used then.
func (r *reader) resolve(i int) (id string) {
	m := r.typed.Mentions[i]
	r.used[i] = true
	if id = m.User; id == "" {
		id = m.ID
	}
	if id == "" || strings.ContainsAny(id, "<> \n") {
		return ""
	}
	r.out.Names[markdown.MentionToken(id)] = m.Name
	return id
}

// mention writes a mention. It leaves out mentions of us, together with the spaces behind them.
func (r *reader) mention(i int) {
	m := r.typed.Mentions[i]
	if r.own(m) {
		r.used[i], r.skip = true, true
		r.out.Leads = r.out.Leads || r.nothing()
		return
	}
	id := r.resolve(i)
	if id == "" {
		r.nameOnly(m)
		r.text("@"+m.Name, markdown.Style{}, "")
		return
	}
	r.flushRuns()
	r.begin()
	r.writer.User(id)
	r.skip = false
}

// nameOnly remembers a mention of which only the name is known: a channel, a team, a tag. It counts,
// because a text that mentions these is for colleagues.
func (r *reader) nameOnly(m TypedMention) { r.nameless = append(r.nameless, "@"+m.Name) }

// nothing says whether no text was read yet.
func (r *reader) nothing() bool {
	return r.writer.Empty() && !slices.ContainsFunc(r.line, func(run markdown.Run) bool { return strings.TrimSpace(run.Text) != "" })
}

// find gives the index of the entity that belongs to an <at> element, by its id attribute and its words;
// -1 if there is none.
func (r *reader) find(index int, words string) int {
	at := slices.IndexFunc(r.typed.Mentions, func(m TypedMention) bool { return m.Index == index })
	if at >= 0 && !r.used[at] && alike(r.typed.Mentions[at], words) {
		return at
	}
	for i, m := range r.typed.Mentions {
		if !r.used[i] && alike(m, words) {
			return i
		}
	}
	return -1
}

// alike tells whether an entity has the words of an <at> element.
func alike(m TypedMention, words string) bool {
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	text := m.Text
	if text == "" {
		return fold(m.Name) == fold(words)
	}
	return fold(Words(text)) == fold(words)
}

// plainText reads a text that has no markup except mentions.
func (r *reader) plainText() {
	r.tagged(r.typed.Text, func(s string) {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				r.newline()
			}
			r.text(line, markdown.Style{}, "")
		}
	}, r.mention)
}

// markdownText reads text that is Markdown already.
func (r *reader) markdownText() {
	var b strings.Builder
	between := func(s string) {
		if r.skip {
			s = strings.TrimLeft(s, " \u00a0\t")
		}
		r.skip = false
		b.WriteString(s)
	}
	r.tagged(r.typed.Text, between, func(i int) {
		m := r.typed.Mentions[i]
		if r.own(m) {
			r.used[i], r.skip = true, true
			r.out.Leads = r.out.Leads || strings.TrimSpace(b.String()) == ""
		} else if id := r.resolve(i); id != "" {
			r.writer.User(id)
			b.WriteString(markdown.MentionToken(id))
		} else {
			r.nameOnly(m)
			b.WriteString("@" + m.Name)
		}
	})
	r.out.Markdown = strings.TrimSpace(b.String())
	r.out.Plain = markdown.Plain(markdown.Parts(r.out.Markdown))
}

// tagged splits a text at its mentions: it calls between for the texts and mention for the mentions, in order.
func (r *reader) tagged(s string, between func(string), mention func(int)) {
	for s != "" {
		at, which := -1, -1
		for i, m := range r.typed.Mentions {
			if r.used[i] || m.Text == "" {
				continue
			}
			if j := strings.Index(s, m.Text); j >= 0 && (at < 0 || j < at) {
				at, which = j, i
			}
		}
		if which < 0 {
			break
		}
		between(s[:at])
		mention(which)
		s = s[at+len(r.typed.Mentions[which].Text):]
	}
	between(s)
}
