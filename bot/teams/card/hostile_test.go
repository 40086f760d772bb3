package card

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// hostile returns texts that try to be markup, or that are very long. With PARLEY_TEST_LONG, texts of many lines are four
// times as long.
func hostile() []string {
	lines := 640
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		lines *= 4
	}
	return []string{
		"<at>Ann Lee</at> look", "**b** [x](https://evil.test) ![y](https://evil.test/i.png)", "{{DATE(2026-11-20T09:30:00Z, SHORT)}}",
		"\u202eevil\u202c", "<script>alert(1)</script>", "&lt;b&gt; &#x1f600;", "# h\n- l\n> q\n+ n\n\n    code", "[x]: https://evil.test",
		"<https://evil.test>", `\*x\* \[y\](z)`, "~~s~~ __u__ _i_ ``c``", "\x00\x1b[31m\xff\xfe", "a\u0000b", "</pre></blockquote><br>", "\"}]}",
		strings.Repeat("x", 150<<10), strings.Repeat("<", 60<<10), strings.Repeat("😀", 40<<10), strings.Repeat("\\", 50<<10),
		strings.Repeat("word \U0001f468\u200d\U0001f469\u200d\U0001f467 ", 8<<10), strings.Repeat("a\n", 4*lines),
		strings.Repeat("> ", 2000) + "x", strings.Repeat("- a\n", 2*lines),
		strings.Repeat("[l](https://x.test/"+strings.Repeat("p", 1000)+") ", 100),
		"```\n" + strings.Repeat("code  \t<b>\n", lines+lines/8) + "```",
	}
}

// shownBy returns the words that cards show of a customer's message, after checking the cards.
func shownBy(t *testing.T, c view.Card) string {
	t.Helper()
	var b strings.Builder
	for _, p := range Render(c, home(), "n") {
		checkMessageCard(t, p.Card)
		b.WriteString(cardText(t, p.Card))
	}
	return withoutMarks(b.String())
}

// saidBy returns the words that messages show of a customer's message, after checking the messages.
func saidBy(t *testing.T, c view.Card) string {
	t.Helper()
	var b strings.Builder
	for _, m := range Messages(c, "email", home()) {
		checkMarkup(t, m.Text)
		wantEqual(t, "mentions", len(m.Mentions), 0)
		_, words, _ := strings.Cut(m.Text, "<br>") // behind the name
		b.WriteString(ReadText(Typed{Text: words, Format: "xml"}).Plain)
	}
	return withoutMarks(b.String())
}

// A hostile text never becomes markup, and none of it is lost, however long it is.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for _, s := range hostile() {
		t.Run(markdown.Cut(strings.ToValidUTF8(s, ""), 12), func(t *testing.T) {
			t.Parallel()
			from := bridge.PartyRef{Name: s[:min(len(s), 300)], Address: "eve@example.org"}
			said := view.Said(bridge.Said{
				From:    from,
				Text:    s,
				Notices: []string{s},
				Files:   []string{s},
				Answers: &bridge.Answered{Text: s},
			}, time.UTC)

			parts := markdown.Parts(strings.ToValidUTF8(s, "\ufffd"))
			want := withoutMarks(withoutLayout(markdown.Plain(parts)))
			if got := saidBy(t, said); len(s) < maxHTMLBytes/8 && !strings.Contains(got, want) {
				t.Errorf("the messages lost some of it: got %.200q, want %.200q", got, want)
			}

			for i := range parts { // a card has the addresses of links
				parts[i].Runs = spellLinks(parts[i].Runs)
			}
			want = withoutMarks(withoutLayout(markdown.Plain(parts)))
			if got := shownBy(t, said); !strings.Contains(got, want) {
				t.Errorf("the card lost some of it: got %d bytes, want these %d among them", len(got), len(want))
			}

			for _, c := range cardsOf(s, from) {
				for _, p := range Render(c, home(), "n") {
					if len(s) <= 500 {
						checkMessageCard(t, p.Card)
					}
					checkJSON(t, p.Card)
				}
				checkJSON(t, Window(c, samples().Facts().Thread.Root, home(), "n").Card)
			}
		})
	}
}

// cardsOf returns cards that show a text wherever a card has a customer's or an agent's words.
func cardsOf(s string, from bridge.PartyRef) []view.Card {
	f := samples().Facts()
	f.Subject, f.Contact, f.LastMessage.Preview, f.Team, f.Tags = s, from, s, s, []bridge.Tag{{Name: s, Color: s}}
	f.Assignees = []bridge.AgentRef{{ID: 1, Name: s, User: annID}}
	failed := bridge.Line{Content: &bridge.FailedLine{Trouble: s, Hint: s}, Mentions: f.Assignees, Text: s,
		Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Note: s}}
	list := bridge.Listing{ListQuery: bridge.ListQuery{List: "mine"}, Rows: []bridge.Facts{f, f}}
	return []view.Card{view.Root(f), view.Details(f), view.List(list, time.UTC), view.Line(failed, f)}
}

// checkJSON checks only that a card is JSON and that it fits. Arguments of its buttons may be too long, which Parley
// refuses when they come back.
func checkJSON(t *testing.T, card json.RawMessage) {
	t.Helper()
	checkSize(t, string(card), 100<<10)
	wantEqual(t, "the card is JSON", json.Valid(card), true)
}

func checkSize(t testing.TB, s string, maxBytes int) {
	t.Helper()
	if n := utf16Size(s); n > maxBytes {
		t.Errorf("got %d bytes as UTF-16, want at most %d", n, maxBytes)
	}
}

// cardText returns the words of a card.
func cardText(t *testing.T, card json.RawMessage) string {
	t.Helper()
	var c adaptive
	noError(t, json.Unmarshal(card, &c))
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

// withoutMarks removes from a text the characters that layout may add or remove: spaces, list marks and joiners.
func withoutMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune("\u00a0\u2060•|☐\ufffd", r) {
			return -1
		}
		return r
	}, s)
}

// A Markdown parser finds nothing but plain words in a customer's escaped text, and shows them as they were.
func TestNeutral(t *testing.T) {
	t.Parallel()
	for _, s := range append(hostile(), "snake_case a_b@x.test", "_i_", "*", "-x", "1. x", "a * b") {
		checkNeutral(t, markdown.Cut(strings.ToValidUTF8(s, ""), 400))
	}
}

// mayBeAddress reports whether a parser may take a part of a text for an address. Such a part may become a link.
func mayBeAddress(s string) bool {
	return strings.Contains(s, "@") || strings.Contains(s, "://") || strings.Contains(s, "www.")
}

func checkNeutral(t *testing.T, s string) {
	t.Helper()
	source := []byte(guardStart(literalBlock(s)))
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(source))

	var b strings.Builder
	noError(t, ast.Walk(doc, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph:
		case *ast.Text:
			b.Write(n.Segment.Value(source))
		default:
			if isLink := n.Kind() == ast.KindLink || n.Kind() == ast.KindAutoLink; !isLink || !mayBeAddress(s) {
				t.Errorf("a parser finds a %s in %q", n.Kind(), source)
			}
		}
		return ast.WalkContinue, nil
	}))

	want := strings.NewReplacer("*", "∗", "~", "∼", "`", "'").Replace(oneLine(s))
	if got := b.String(); !mayBeAddress(s) && withoutMarks(got) != withoutMarks(want) {
		t.Errorf("%q shows as %q, want %q", s, got, want)
	}

	for _, bad := range []string{"<at>", "{{"} { // a mention, and a date
		if strings.Contains(string(source), bad) {
			t.Errorf("%q has %q", source, bad)
		}
	}
}

// mentionsOf is a card with a line that mentions these people, each followed by a comma.
func mentionsOf(people ...bridge.AgentRef) view.Card {
	var pieces []view.Piece
	for _, a := range people {
		pieces = append(pieces, view.Piece{Kind: view.PieceMention, Text: a.Name, Agent: a}, view.Piece{Kind: view.PieceText, Text: ", "})
	}
	return view.Card{Blocks: []view.Block{{Kind: view.BlockLine, Pieces: pieces}}}
}

// wantMentions checks the text of a card and of the message for it, and whom the message mentions.
func wantMentions(t *testing.T, c view.Card, text string, users ...bridge.SurfaceUser) {
	t.Helper()
	page := Render(c, home(), "n")[0]
	checkMessageCard(t, page.Card)
	wantEqual(t, "text of the card", cardText(t, page.Card), text)
	m := Messages(c, "", home())[0]
	wantEqual(t, "text of the message", m.Text, text)
	var got []bridge.SurfaceUser
	for _, mention := range m.Mentions {
		got = append(got, bridge.SurfaceUser(mention.User))
		if !strings.Contains(m.Text, mention.Text) {
			t.Errorf("the mention %q isn't in the text %q", mention.Text, m.Text)
		}
	}
	if !slices.Equal(got, users) {
		t.Errorf("got mentions of %q, want %q", got, users)
	}
}

func annLee() bridge.AgentRef { return bridge.AgentRef{Name: "Ann Lee", User: annID} }

// namesake is another person with Ann's name.
func namesake() bridge.AgentRef {
	return bridge.AgentRef{Name: "Ann Lee", User: "c3333333-3333-4333-8333-333333333333"}
}

func TestNamesakesAreTwoMentions(t *testing.T) {
	t.Parallel()
	c := mentionsOf(annLee(), namesake())
	wantMentions(t, c, "<at>Ann Lee</at>, <at>Ann Lee (2)</at>, ", annID, namesake().User)
	mentions := Messages(c, "", home())[0].Mentions
	wantEqual(t, "mentions", len(mentions), 2)
	wantEqual(t, "text of the namesake's mention", mentions[len(mentions)-1].Text, "<at>Ann Lee (2)</at>")
}

// A name in a mention loses the characters that a card would take for formatting or for the mention's end.
func TestMentionOfANameWithMarkup(t *testing.T) {
	t.Parallel()
	wantMentions(t, mentionsOf(bridge.AgentRef{Name: "D*n <x>", User: benID}), "<at>Dn x</at>, ", benID)
}

// Each mention is listed with the page of the message that contains it.
func TestMentionsOnPages(t *testing.T) {
	t.Parallel()
	const people = 700
	c := view.Card{}
	for i := range people {
		a := bridge.AgentRef{Name: fmt.Sprintf("Agent %d", i), User: bridge.SurfaceUser(fmt.Sprintf("a1111111-1111-4111-8111-%012d", i))}
		words := view.Piece{Kind: view.PieceText, Text: strings.Repeat(" word", 40)}
		c.Blocks = append(c.Blocks,
			view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceMention, Text: a.Name, Agent: a}, words}})
	}
	pages, texts := Render(c, home(), "n"), Messages(c, "", home())
	if len(pages) < 3 || len(texts) < 3 {
		t.Errorf("got %d pages and %d messages, want at least 3 of both: else this test shows little", len(pages), len(texts))
	}
	for _, p := range pages {
		checkMessageCard(t, p.Card)
	}
	checkDialogCard(t, Window(c, bridge.Place{}, home(), "n").Card)

	mentions := 0
	for _, m := range texts {
		mentions += len(m.Mentions)
		for _, who := range m.Mentions {
			wantEqual(t, "how often "+who.Text+" stands in its message", strings.Count(m.Text, who.Text), 1)
		}
	}
	wantEqual(t, "mentions in all messages", mentions, people)
}

// A link leads to a message in its thread. In a channel whose team isn't known it still leads to the thread.
func TestLink(t *testing.T) {
	t.Parallel()
	const tenant = "tenantId=d9d9d9d9-0000-4000-8000-000000000000"
	for _, tt := range []struct {
		place bridge.Place
		want  string
	}{
		{place: bridge.Place{Channel: channel}},
		{place: bridge.Place{Channel: channel, Thread: "1", Message: "2"},
			want: "https://teams.microsoft.com/l/message/19%3ACH%40thread.tacv2/2" +
				"?groupId=c0c0c0c0-0000-4000-8000-000000000000&parentMessageId=1&" + tenant},
		{place: bridge.Place{Channel: "19:X", Thread: "1"}, want: "https://teams.microsoft.com/l/message/19%3AX/1?parentMessageId=1&" + tenant},
	} {
		wantEqual(t, fmt.Sprintf("link to %+v", tt.place), home().Link(tt.place), tt.want)
	}
}
