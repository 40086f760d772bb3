package card

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// hostile are texts that try to be more than text, or too much of it. Lists, lines and code, of which each line is looked at
// by itself, are four times as long with PARLEY_TEST_LONG.
func hostile() []string {
	lines := 640
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		lines *= 4
	}
	return []string{
		"<at>Ann Lee</at> look", "**b** [x](https://evil.test) ![y](https://evil.test/i.png)", "{{DATE(2026-11-20T09:30:00Z, SHORT)}}", "\u202eevil\u202c", "<script>alert(1)</script>", "&lt;b&gt; &#x1f600;",
		"# h\n- l\n> q\n+ n\n\n    code", "[x]: https://evil.test", "<https://evil.test>", `\*x\* \[y\](z)`, "~~s~~ __u__ _i_ ``c``", "\x00\x1b[31m\xff\xfe", "a\u0000b", "</pre></blockquote><br>", "\"}]}",
		strings.Repeat("x", 150<<10), strings.Repeat("<", 60<<10), strings.Repeat("😀", 40<<10), strings.Repeat("word \U0001f468\u200d\U0001f469\u200d\U0001f467 ", 8<<10), strings.Repeat("a\n", 4*lines), strings.Repeat("\\", 50<<10),
		strings.Repeat("> ", 2000) + "x", strings.Repeat("- a\n", 2*lines), strings.Repeat("[l](https://x.test/"+strings.Repeat("p", 1000)+") ", 100), "```\n" + strings.Repeat("code  \t<b>\n", lines+lines/8) + "```",
	}
}

// Nothing of a hostile text acts, and none of it is lost, however long it is.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for _, s := range hostile() {
		t.Run(markdown.Cut(strings.ToValidUTF8(s, ""), 12), func(t *testing.T) {
			t.Parallel()
			from := bridge.PartyRef{Name: s[:min(len(s), 300)], Address: "eve@example.org"}
			c := view.Said(bridge.Said{From: from, Text: s, Notices: []string{s}, Files: []string{s}, Answers: &bridge.Answered{Text: s}}, time.UTC)
			var got strings.Builder
			for _, p := range Render(c, home(), "n") {
				sound(t, p.Card)
				got.WriteString(cardText(t, p.Card))
			}
			parts := markdown.Parts(strings.ToValidUTF8(s, "\ufffd"))
			want := letters(markdown.Plain(parts))
			for i := range parts {
				parts[i].Runs = spellLinks(parts[i].Runs)
			}
			if !strings.Contains(bare(got.String()), bare(letters(markdown.Plain(parts)))) {
				t.Errorf("the card lost some of it: %d of %d bytes", len(got.String()), len(want))
			}
			got.Reset()
			for _, m := range Messages(c, "email", home()) {
				wellFormed(t, m.Text)
				if len(m.Mentions) > 0 {
					t.Errorf("mentions %v", m.Mentions)
				}
				_, words, _ := strings.Cut(m.Text, "<br>") // the name
				got.WriteString(ReadText(Typed{Text: words, Format: "xml"}).Plain)
			}
			if len(s) < maxHTMLBytes/8 && !strings.Contains(bare(got.String()), bare(want)) {
				t.Errorf("the messages lost some of it: %.200q, want %.200q", bare(got.String()), bare(want))
			}
			full := samples().Facts()
			full.Subject, full.Contact, full.LastMessage.Preview, full.Team, full.Tags = s, from, s, s, []bridge.Tag{{Name: s, Color: s}}
			full.Assignees = []bridge.AgentRef{{ID: 1, Name: s, User: annID}}
			for _, c := range []view.Card{view.Root(full), view.Details(full), view.List(bridge.Listing{ListQuery: bridge.ListQuery{List: "mine"}, Rows: []bridge.Facts{full, full}}, time.UTC),
				view.Line(bridge.Line{Content: &bridge.FailedLine{Reason: s, Hint: s}, Mentions: full.Assignees, Text: s, Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Note: s}}, full)} {
				for _, p := range Render(c, home(), "n") {
					soundBut(t, p.Card, len(s) > 500)
				}
				soundBut(t, Window(c, full.Thread.Root, home(), "n").Card, true)
			}
		})
	}
}

// soundBut checks a card whose buttons may carry arguments that don't fit: they are refused
// when they come back, which sound would complain about.
func soundBut(t *testing.T, card json.RawMessage, long bool) {
	t.Helper()
	if !long {
		sound(t, card)
		return
	}
	if n := utf16Size(string(card)); n > 100<<10 || !json.Valid(card) {
		t.Errorf("%d bytes as UTF-16", n)
	}
}

// cardText returns the words of a card.
func cardText(t *testing.T, card json.RawMessage) string {
	t.Helper()
	var c adaptive
	must(t, json.Unmarshal(card, &c))
	var b strings.Builder
	var walk func([]element)
	walk = func(list []element) {
		for _, e := range list {
			b.WriteString(e.Text)
			for _, i := range e.Inlines {
				b.WriteString(i.Text)
			}
			walk(e.Items)
			walk(e.Columns)
		}
	}
	walk(c.Body)
	return b.String()
}

// bare leaves out what layout adds or takes: spaces, list marks, joiners.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune("\u00a0\u2060•|☐\ufffd", r) {
			return -1
		}
		return r
	}, s)
}

// Neutral words are words to a Markdown parser, and look as they did.
func TestNeutral(t *testing.T) {
	t.Parallel()
	for _, s := range append(hostile(), "snake_case a_b@x.test", "_i_", "*", "-x", "1. x", "a * b", "http://x.test", "me@x.test") {
		s = markdown.Cut(strings.ToValidUTF8(s, ""), 400)
		if strings.HasPrefix(s, "http") || strings.HasPrefix(s, "me@") {
			continue // what looks like an address may lead there
		}
		checkNeutral(t, s)
	}
}

func FuzzNeutral(f *testing.F) {
	f.Add("*a* _b_ [c](d) <e> &amp; `f`")
	f.Fuzz(func(t *testing.T, s string) {
		if s = strings.ToValidUTF8(s, ""); strings.Contains(s, "@") || strings.Contains(s, "://") || strings.Contains(s, "www.") {
			t.Skip()
		}
		checkNeutral(t, s)
	})
}

func checkNeutral(t *testing.T, s string) {
	t.Helper()
	source := []byte(guardStart(showLiterally(s)))
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(source))
	var b strings.Builder
	must(t, ast.Walk(doc, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph:
		case *ast.Text:
			b.Write(n.Segment.Value(source))
		default:
			if n.Kind() != ast.KindLink && n.Kind() != ast.KindAutoLink || !strings.Contains(s, "www.") && !strings.Contains(s, "://") && !strings.Contains(s, "@") {
				t.Errorf("%q has a %s", source, n.Kind())
			}
		}
		return ast.WalkContinue, nil
	}))
	want := strings.NewReplacer("*", "∗", "~", "∼", "`", "'").Replace(oneLine(s))
	if got := b.String(); bare(got) != bare(want) && !strings.Contains(s, "://") && !strings.Contains(s, "www.") && !strings.Contains(s, "@") {
		t.Errorf("%q shows as %q, want %q", s, got, want)
	}
	if strings.Contains(string(source), "<at>") || strings.Contains(string(source), "{{") {
		t.Errorf("%q mentions or dates", source)
	}
}

// Words that are written from right to left stay isolated from what stands beside them.
func TestIsolatedWordsStaySo(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"\u2068נועה\u2069 · 12": "\u2068נועה\u2069 · 12", "a\u2069\u202eb": "ab"} {
		if got := showLiterally(in); got != want {
			t.Errorf("%+q: %+q, want %+q", in, got, want)
		}
	}
}

// Two people of one name are two mentions; one person is told once.
func TestMentions(t *testing.T) {
	t.Parallel()
	cara := bridge.AgentRef{ID: 3, Name: "Ann Lee", User: "c3333333-3333-4333-8333-333333333333"}
	people := []bridge.AgentRef{{Name: "Ann Lee", User: annID}, cara, {Name: "Ann Lee", User: annID}, {Name: "D*n <x>", User: benID}, {Name: "Eve", User: "U0EVE"}}
	var pieces []view.Piece
	for _, a := range people {
		pieces = append(pieces, view.Piece{Kind: view.PieceMention, Text: a.Name, Agent: a}, view.Piece{Kind: view.PieceText, Text: ", "})
	}
	c := view.Card{Blocks: []view.Block{{Kind: view.BlockLine, Pieces: pieces}}}
	page := Render(c, home(), "n")[0]
	sound(t, page.Card)
	if got, want := cardText(t, page.Card), "<at>Ann Lee</at>, <at>Ann Lee (2)</at>, Ann Lee, <at>Dn x</at>, Eve, "; got != want {
		t.Errorf("card %q, want %q", got, want)
	}
	m := Messages(c, "", home())[0]
	if want := "<at>Ann Lee</at>, <at>Ann Lee (2)</at>, Ann Lee, <at>Dn x</at>, Eve, "; m.Text != want || len(m.Mentions) != 3 || m.Mentions[1].User != cara.User || m.Mentions[1].Text != "<at>Ann Lee (2)</at>" {
		t.Errorf("text %q, %+v", m.Text, m.Mentions)
	}
}

// A mention belongs to the page on which it stands.
func TestMentionsOnPages(t *testing.T) {
	t.Parallel()
	c := view.Card{}
	for i := range 700 {
		a := bridge.AgentRef{Name: fmt.Sprintf("Agent %d", i), User: fmt.Sprintf("a1111111-1111-4111-8111-%012d", i)}
		c.Blocks = append(c.Blocks, view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceMention, Text: a.Name, Agent: a}, {Kind: view.PieceText, Text: strings.Repeat(" word", 40)}}})
	}
	pages := Render(c, home(), "n")
	for _, p := range pages {
		sound(t, p.Card)
	}
	soundDialog(t, Window(c, bridge.Place{}, home(), "n").Card)
	told := 0
	texts := Messages(c, "", home())
	for _, m := range texts {
		told += len(m.Mentions)
		for _, who := range m.Mentions {
			if strings.Count(m.Text, who.Text) != 1 {
				t.Errorf("%q stands %d times", who.Text, strings.Count(m.Text, who.Text))
			}
		}
	}
	if len(pages) < 3 || len(texts) < 3 || told != 700 {
		t.Errorf("%d pages, %d messages, %d told", len(pages), len(texts), told)
	}
}

// Every icon that cards use has its characters.
func TestIcons(t *testing.T) {
	t.Parallel()
	for name, c := range samples().Cards() {
		for _, b := range c.Blocks {
			for _, p := range b.Pieces {
				if p.Kind == view.PieceIcon && findEmoji(p.Text) == "" {
					t.Errorf("%s: no characters for %q", name, p.Text)
				}
			}
		}
	}
	for _, m := range []bridge.Mark{bridge.MarkWaiting, bridge.MarkSent, bridge.MarkDelivered, bridge.MarkRead, bridge.MarkWarning, bridge.MarkInside} {
		if findEmoji(view.MarkIcon(m)) == "" {
			t.Errorf("no characters for the mark %q", m)
		}
	}
	for _, v := range verb.All() { // by these a reaction is known, too
		for _, name := range v.Emoji {
			if findEmoji(name) == "" {
				t.Errorf("no characters for %q, which stands for %q", name, v.Name)
			}
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]bridge.Place{
		"": {Channel: channel},
		"https://teams.microsoft.com/l/message/19%3ACH%40thread.tacv2/2?groupId=c0c0c0c0-0000-4000-8000-000000000000&parentMessageId=1&tenantId=d9d9d9d9-0000-4000-8000-000000000000": {Channel: channel, Thread: "1", Message: "2"},
		"https://teams.microsoft.com/l/message/19%3AX/1?parentMessageId=1&tenantId=d9d9d9d9-0000-4000-8000-000000000000":                                                              {Channel: "19:X", Thread: "1"},
	} {
		if got := home().Link(p); got != want {
			t.Errorf("%+v: %q, want %q", p, got, want)
		}
	}
}
