package blockkit

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/channels/markdown"
)

// richTextBlocks wraps parts of a rich_text block as a message's blocks.
func richTextBlocks(parts ...string) json.RawMessage {
	return json.RawMessage(`[{"type":"rich_text","elements":[` + strings.Join(parts, ",") + `]}]`)
}

// section is a part of a rich_text block: a paragraph of runs.
func section(runs ...string) string {
	return `{"type":"rich_text_section","elements":[` + strings.Join(runs, ",") + `]}`
}

// run is a run of text in a part. styles are fields of Slack's style object, such as "bold":true.
func run(text string, styles ...string) string {
	raw, _ := json.Marshal(text) //nolint:errcheck,errchkjson // a text can be written
	if len(styles) == 0 {
		return `{"type":"text","text":` + string(raw) + `}`
	}
	return `{"type":"text","text":` + string(raw) + `,"style":{` + strings.Join(styles, ",") + `}}`
}

// Styles of a run.
const (
	bold   = `"bold":true`
	italic = `"italic":true`
	strike = `"strike":true`
	code   = `"code":true`
)

// wantRead checks what a text was read as: Markdown, and plain words.
func wantRead(t *testing.T, got markdown.Text, asMarkdown, plain string) {
	t.Helper()
	if got.Markdown != asMarkdown {
		t.Errorf("Markdown\n got %q\nwant %q", got.Markdown, asMarkdown)
	}
	if got.Plain != plain {
		t.Errorf("plain\n got %q\nwant %q", got.Plain, plain)
	}
}

// richTextCase is a rich text and what it is read as.
type richTextCase struct {
	name     string
	parts    string // of a rich_text block
	markdown string
	plain    string
}

// checkRichText checks what each text is read as.
func checkRichText(t *testing.T, cases []richTextCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, ReadText(Typed{Blocks: richTextBlocks(tt.parts), Text: "fallback"}), tt.markdown, tt.plain)
		})
	}
}

func TestReadRichTextWithStyles(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "plain",
			parts:    section(run("hello *you*")),
			markdown: `hello \*you\*`,
			plain:    "hello *you*",
		},
		{
			name: "styles, with blanks inside", parts: section(run("a "), run("bold ", bold), run("x", italic, strike)),
			markdown: "a **bold** ~~*x*~~", plain: "a bold x",
		},
		{name: "bold over lines", parts: section(run("a\nb", bold)), markdown: "**a**\n**b**", plain: "a\nb"},
		{
			name:     "bold in a word, which Markdown can't say",
			parts:    section(run("x"), run(`"y"`, bold), run("z")),
			markdown: `x"y"z`,
			plain:    `x"y"z`,
		},
		{name: "bold, then more", parts: section(run("a", bold), run(" b", bold, italic)), markdown: "**a** ***b***", plain: "a b"},
		{
			name:     "code with backticks",
			parts:    section(run("a`b", code)),
			markdown: "``a`b``",
			plain:    "a`b",
		},
	})
}

// Characters that Markdown would take for formatting are escaped. Text that looks like a command or an entity stays as it
// was typed.
func TestReadRichTextWithSigns(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "entity",
			parts:    section(run("&lt; & <b>")),
			markdown: `\&lt; & \<b>`,
			plain:    "&lt; & <b>",
		},
		{
			name:     "escaped command",
			parts:    section(run(`\!snooze is typed`)),
			markdown: `\!snooze is typed`,
			plain:    `\!snooze is typed`,
		},
		{
			name:     "signs at the beginning of lines",
			parts:    section(run("# no heading\n- no list\n1. no number\n> no quote\n#tag -1")),
			markdown: "\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n#tag -1",
			plain:    "# no heading\n- no list\n1. no number\n> no quote\n#tag -1",
		},
	})
}

func TestReadRichTextWithLinks(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name: "with and without words",
			parts: section(
				`{"type":"link","url":"https://x.test/a_b","text":"here"}`,
				run(" "),
				`{"type":"link","url":"https://x.test"}`,
			),
			markdown: "[here](<https://x.test/a_b>) <https://x.test>",
			plain:    "here https://x.test",
		},
		{
			name:     "script",
			parts:    section(`{"type":"link","url":"javascript:alert(1)","text":"x"}`),
			markdown: "x",
			plain:    "x",
		},
		{
			name:     "mail address",
			parts:    section(`{"type":"link","url":"mailto:a_b@x.test","text":"a_b@x.test"}`),
			markdown: `a\_b@x.test`,
			plain:    "a_b@x.test",
		},
	})
}

func TestReadRichTextWithEmoji(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "emoji",
			parts:    section(`{"type":"emoji","name":"wave","unicode":"1f44b"}`),
			markdown: "👋",
			plain:    "👋",
		},
		{
			name: "skin tone, which Slack tells in two ways",
			parts: section(
				`{"type":"emoji","name":"wave","unicode":"1f44b-1f3fd","skin_tone":4}`,
				`{"type":"emoji","name":"+1","unicode":"1f44d","skin_tone":2}`,
			),
			markdown: "👋🏽👍🏻",
			plain:    "👋🏽👍🏻",
		},
		{
			name:     "custom emoji",
			parts:    section(`{"type":"emoji","name":"party_parrot"}`),
			markdown: `:party\_parrot:`,
			plain:    ":party_parrot:",
		},
		{
			name:     "flag, of two characters",
			parts:    section(`{"type":"emoji","name":"flag-de","unicode":"1f1e9-1f1ea"}`),
			markdown: "🇩🇪",
			plain:    "🇩🇪",
		},
		{
			name: "skin tone of an emoji of several characters, which follows the first of them",
			parts: section(
				`{"type":"emoji","name":"v","unicode":"270c-fe0f","skin_tone":2}`,
				`{"type":"emoji","name":"male-technologist","unicode":"1f468-200d-1f4bb","skin_tone":3}`,
			),
			markdown: "✌🏻👨🏼\u200d💻",
			plain:    "✌🏻👨🏼\u200d💻",
		},
		{
			name: "only names, which may have the skin tone",
			parts: section(
				`{"type":"emoji","name":"basketball"}`,
				`{"type":"emoji","name":"wave::skin-tone-2"}`,
				`{"type":"emoji","name":"+1","skin_tone":6}`,
				`{"type":"emoji","name":"100"}`,
			),
			markdown: "🏀👋🏻👍🏿💯",
			plain:    "🏀👋🏻👍🏿💯",
		},
	})
}

// spaces are the four spaces of an indentation, as Markdown keeps them.
const spaces = "\u00a0\u00a0\u00a0\u00a0"

func TestReadRichTextWithBlocks(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "fence in code",
			parts:    `{"type":"rich_text_preformatted","elements":[` + run("a\n```\nb") + `]}`,
			markdown: "````\na\n```\nb\n````",
			plain:    "a\n```\nb",
		},
		{
			name: "quote",
			parts: section(run("see")) + "," +
				`{"type":"rich_text_quote","elements":[` + run("one\ntwo") + `]}` + "," +
				section(run("end")),
			markdown: "see\n\n> one\n> two\n\nend",
			plain:    "see\none\ntwo\nend",
		},
		{
			name: "lists and code in a quotation",
			parts: `{"type":"rich_text_quote","elements":[` + run("You wrote:") + `]}` + "," +
				`{"type":"rich_text_list","style":"bullet","border":1,"elements":[` + section(run("refund")) + `]}` + "," +
				`{"type":"rich_text_list","style":"ordered","indent":1,"border":1,"elements":[` + section(run("all")) + `]}` + "," +
				`{"type":"rich_text_preformatted","border":1,"elements":[` + run("x\n\ny") + `]}` + "," +
				`{"type":"rich_text_list","style":"bullet","border":0,"elements":[` + section(run("no")) + `]}`,
			markdown: "> You wrote:\n>\n> - refund\n>     1. all\n>\n> ```\n> x\n> \n> y\n> ```\n\n- no",
			plain:    "You wrote:\nrefund\nall\nx\n\ny\nno",
		},
		{
			name: "list in a list",
			parts: `{"type":"rich_text_list","style":"bullet","elements":[` + section(run("a")) + `]}` + "," +
				`{"type":"rich_text_list","style":"ordered","indent":1,"offset":2,"elements":[` + section(run("b")) + "," + section(run("c")) + `]}`,
			markdown: "- a\n    3. b\n    4. c",
			plain:    "a\nb\nc",
		},
		{
			name:     "list in no list, which would be code",
			parts:    `{"type":"rich_text_list","style":"bullet","indent":2,"elements":[` + section(run("a_b")) + "," + section(run("c")) + `]}`,
			markdown: "- a\\_b\n- c",
			plain:    "a_b\nc",
		},
		{
			name:     "bold behind spaces at the beginning of a line",
			parts:    section(run("see\n\n    "), run("x", bold), run("\n    \n\ty")),
			markdown: "see\n\n" + spaces + "**x**\n\n" + spaces + "y",
			plain:    "see\n\n    x\n    \n\ty",
		},
	})
}

func TestReadRichTextWithMentions(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "everybody",
			parts:    section(`{"type":"broadcast","range":"channel"}`, run(" hi")),
			markdown: "@channel hi",
			plain:    "@channel hi",
		},
		{
			name:     "channel without its name",
			parts:    section(run("see "), `{"type":"channel","channel_id":"C1"}`),
			markdown: "see a channel",
			plain:    "see a channel",
		},
		{
			name:     "person",
			parts:    section(`{"type":"user","user_id":"U1"}`, run(" look")),
			markdown: "<@U1> look",
			plain:    "<@U1> look",
		},
	})
}

// If Slack adds a kind of part that Parley doesn't know, its words are read.
func TestReadRichTextWithUnknownParts(t *testing.T) {
	t.Parallel()
	checkRichText(t, []richTextCase{
		{
			name:     "part",
			parts:    `{"type":"rich_text_future","elements":[{"type":"hologram","text":"boo"}]}`,
			markdown: "boo",
			plain:    "boo",
		},
		{
			name:     "text that is an object",
			parts:    section(`{"type":"odd","text":{"type":"plain_text","text":"hm"}}`),
			markdown: "hm",
			plain:    "hm",
		},
	})
}

// A typed text keeps its characters when it is turned into Markdown and our own reader shows that Markdown as plain text.
func TestTypedTextSurvivesMarkdown(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		// Signs of formatting.
		`a*b_c~d[e](f)<g>&amp; \x`,
		"`tick` ``two``",
		"*",
		"**",
		"_ _",
		"![img](x)",
		"<b>x</b>",
		"&copy; &#65;",
		`\\`,
		"http://x.test/a_b*c",
		"<@U1> x",
		"5 < 6 > 4",

		// Beginnings of lines.
		"# x",
		"- x",
		"+ x",
		"1. x\n2) y",
		"> q",
		"===",
		"---",
		"~~~\nx",
		"    code?",
		"see\n\n    file_name_x\n\tx = *y*\n  z",
		"-\tx",
		"|a|b|\n|-|-|\n|1|2|",
		"[ ] todo",

		// The end of a line.
		"a  \nb",
	} {
		md := ReadText(Typed{Blocks: richTextBlocks(section(run(typed)))}).Markdown
		parts := markdown.Parts(md)
		if shown := markdown.Plain(parts); linesShown(shown) != linesShown(typed) {
			t.Errorf("%q is read as %q, which is shown as %q", typed, md, shown)
		}
		for _, p := range parts {
			if p.Kind != markdown.Section {
				t.Errorf("%q is read as %q, which has a %s", typed, md, p.Kind)
			}
		}
	}
}

// linesShown returns the lines of a text that have words, without the spaces at their ends. All other spaces count.
func linesShown(s string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.NewReplacer("\u00a0", " ", "\t", "    ").Replace(s), "\n") {
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
