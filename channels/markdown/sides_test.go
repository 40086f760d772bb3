package markdown

import (
	"bytes"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/renderer/html"
)

// Agents in a chat and customers in a mail read the same text, and no word of it is lost.
func TestBothSides(t *testing.T) {
	t.Parallel()
	md := New(goldmark.WithRendererOptions(html.WithUnsafe()))
	tooLong := "https://x.test/" + strings.Repeat("b", 5000) // longer than the address of a link may be
	tests := []struct {
		name   string
		source string
		chat   string // what a chat shows
		mail   string // a part of the HTML of a mail
	}{
		{
			name: "HTML is shown as its characters", source: "<div>\n**bold**\n</div>", chat: "<div>\nbold\n</div>",
			mail: "<strong>bold</strong>",
		},
		{name: "a script hides nothing behind it", source: "<script>\nx\n\n# head", chat: "<script>\nx\nhead", mail: "<h1>head</h1>"},
		{name: "a comment hides nothing behind it", source: "<!-- a\n\n- b -->", chat: "<!-- a\nb -->", mail: "<li>b --&gt;</li>"},
		{name: "a line break of HTML is one", source: "one<br>two", chat: "one\ntwo", mail: "one<br>two"},
		{
			name: "a line break in a cell is a space in chats", source: "|a|b|\n|-|-|\n|1<br/>2|3|", chat: "a | b\n1 2 | 3",
			mail: "<td>1<br/>2</td>",
		},
		{
			name:   "code within a line stays in one line",
			source: "`a\nb` c",
			chat:   "a b c",
			mail:   "<code>a b</code>",
		},
		{
			name: "the definition of a link is text", source: "[1]: https://x.test/a", chat: "[1]: https://x.test/a",
			mail: "https://x.test/a</a>",
		},
		{name: "marks that lie too deep are text", source: strings.Repeat("> ", maxDepth+2) + "x", chat: "> > x", mail: "&gt; &gt; x"},
		{
			name:   "only entities that there are become characters",
			source: `\&amp; &amp; &nosuch; &#12345678;`,
			chat:   "&amp; & &nosuch; &#12345678;",
			mail:   "&amp;amp; &amp; &amp;nosuch;",
		},
		{name: "two tildes strike through, four don't", source: "x~~~~a~~ ~~b~~", chat: "x~~~~a~~ b", mail: "x~~~~a~~ <del>b</del>"},
		{
			name:   "an address that a chat can't open stands behind its words",
			source: "[file](ftp://x.test/a)",
			chat:   "file (ftp://x.test/a)",
			mail:   `href="ftp://x.test/a"`,
		},
		{
			name:   "an address that a chat can't open stands for words that are not there",
			source: "[](ftp://x.test/a)",
			chat:   "ftp://x.test/a",
			mail:   `href="ftp://x.test/a"`,
		},
		{
			name:   "an address that is too long for a chat stands behind its words",
			source: "[a](" + tooLong + ")",
			chat:   "a (" + tooLong + ")",
			mail:   `href="` + tooLong + `"`,
		},
		{
			name:   "a picture in a mail is its name",
			source: "Look: ![shot.png](cid:shot@x)",
			chat:   "Look: shot.png",
			mail:   `<img src="cid:shot@x" alt="shot.png">`,
		},
		{name: "a script isn't an address", source: "[act](javascript:alert(1))", chat: "act", mail: "act"},
		{name: "a script isn't an address if an entity hides it either", source: "[act](javascript&#58;alert(1))", chat: "act", mail: "act"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Plain(Parts(tt.source)); got != tt.chat {
				t.Errorf("a chat shows %.90q of %.60q, want %.90q", got, tt.source, tt.chat)
			}

			var mail bytes.Buffer
			if err := md.Convert([]byte(tt.source), &mail); err != nil {
				t.Fatal(err)
			}
			if got := mail.String(); !strings.Contains(got, tt.mail) {
				t.Errorf("a mail has %.200q of %.60q, want %.90q in it", got, tt.source, tt.mail)
			}
		})
	}
}

// A link in a chat leads to the address that the Markdown means, with entities and escapes resolved.
func TestAddressOfLink(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source string
		want   string // "" means that there is no link
	}{
		{name: "entities", source: "[a](https://x.test/?a=1&amp;b=2&#38;c=3)", want: "https://x.test/?a=1&b=2&c=3"},
		{
			name:   "an escape",
			source: `[a](https://x.test/a\_b)`,
			want:   "https://x.test/a_b",
		},
		{name: "a space between angle brackets", source: "[a](<https://x.test/a b>)", want: "https://x.test/a b"},
		{name: "an address without words", source: "<https://x.test/?a=1&b=2>", want: "https://x.test/?a=1&b=2"},
		{name: "an address without a scheme isn't a link", source: "[a](//x.test/a)", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parts := Parts(tt.source)
			if len(parts) == 0 || len(parts[0].Runs) == 0 {
				t.Fatalf("%s became %+v, want a part with a run", tt.source, parts)
			}
			if got := parts[0].Runs[0].URL; got != tt.want {
				t.Errorf("%s leads to %q, want %q", tt.source, got, tt.want)
			}
		})
	}
}

// escapedVerb is what a person types so that a verb counts as a text.
const escapedVerb = `\!take`

// At the beginning of a text, the backslash before a verb isn't escaped.
func TestEscapedVerbAtTheBeginning(t *testing.T) {
	t.Parallel()
	w := NewWriter()
	w.Literal(escapedVerb)
	if got, want := w.Text().Markdown, `\!take`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A text is cut between characters, even if a character consists of several runes.
func TestCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0123456789":                "01234567",
		"01234567\u0301":            "0123456",
		"0123456👩\u200d🚀":           "0123456",
		"0123456👋🏽":                 "0123456",
		"0123456❤\ufe0f":            "0123456",
		"0123456क\u094d":            "0123456",
		"0\u0301\u0302" + "012345":  "0\u0301\u0302" + "01234",
		strings.Repeat("\u0301", 9): strings.Repeat("\u0301", 8), // less than half would be left
	} {
		const room = 8
		if got := Cut(text, room); got != want {
			t.Errorf("%q is cut to %q, want %q", text, got, want)
		}
	}
}
