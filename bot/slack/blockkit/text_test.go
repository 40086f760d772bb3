package blockkit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"parley/channels/markdown"
)

// rich wraps rich_text parts as a message's blocks.
func rich(parts string) json.RawMessage {
	return json.RawMessage(`[{"type":"rich_text","elements":[` + parts + `]}]`)
}

func sectionOf(runs string) string { return `{"type":"rich_text_section","elements":[` + runs + `]}` }

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

// text is a run of text; styles are JSON, or "".
func run(text, styles string) string {
	raw, _ := json.Marshal(text) //nolint:errcheck,errchkjson // a text can be written
	if styles == "" {
		return `{"type":"text","text":` + string(raw) + `}`
	}
	return `{"type":"text","text":` + string(raw) + `,"style":{` + styles + `}}`
}

func TestReadRichText(t *testing.T) {
	t.Parallel()
	const bold, wave = `"bold":true`, `{"type":"emoji","name":"wave","unicode":"1f44b"}`
	for _, tt := range []struct{ name, parts, markdown, plain string }{
		{name: "plain", parts: sectionOf(run("hello *you*", "")), markdown: `hello \*you\*`, plain: "hello *you*"},
		{name: "styles", parts: sectionOf(run("a ", "") + "," + run("bold ", bold) + "," + run("x", `"italic":true,"strike":true`)),
			markdown: "a **bold** ~~*x*~~", plain: "a bold x"},
		{name: "bold over lines", parts: sectionOf(run("a\nb", bold)), markdown: "**a**\n**b**", plain: "a\nb"},
		{name: "bold in a word", parts: sectionOf(run("x", "") + "," + run(`"y"`, bold) + "," + run("z", "")), markdown: `x"y"z`, plain: `x"y"z`},
		{name: "bold, then more", parts: sectionOf(run("a", bold) + "," + run(" b", `"bold":true,"italic":true`)), markdown: "**a** ***b***", plain: "a b"},
		{name: "code with backticks", parts: sectionOf(run("a`b", `"code":true`)), markdown: "``a`b``", plain: "a`b"},
		{name: "link", parts: sectionOf(`{"type":"link","url":"https://x.test/a_b","text":"here"},` + run(" ", "") + `,{"type":"link","url":"https://x.test"}`),
			markdown: "[here](<https://x.test/a_b>) <https://x.test>", plain: "here https://x.test"},
		{name: "script link", parts: sectionOf(`{"type":"link","url":"javascript:alert(1)","text":"x"}`), markdown: "x", plain: "x"},
		{name: "mail link", parts: sectionOf(`{"type":"link","url":"mailto:a_b@x.test","text":"a_b@x.test"}`), markdown: `a\_b@x.test`, plain: "a_b@x.test"},
		{name: "emoji", parts: sectionOf(wave), markdown: "👋", plain: "👋"},
		{name: "skin tone", markdown: "👋🏽👍🏻", plain: "👋🏽👍🏻",
			parts: sectionOf(`{"type":"emoji","name":"wave","unicode":"1f44b-1f3fd","skin_tone":4},{"type":"emoji","name":"+1","unicode":"1f44d","skin_tone":2}`)},
		{name: "custom emoji", parts: sectionOf(`{"type":"emoji","name":"party_parrot"}`), markdown: `:party\_parrot:`, plain: ":party_parrot:"},
		{name: "flag", parts: sectionOf(`{"type":"emoji","name":"flag-de","unicode":"1f1e9-1f1ea"}`), markdown: "🇩🇪", plain: "🇩🇪"},
		{name: "fence in code", parts: `{"type":"rich_text_preformatted","elements":[` + run("a\n```\nb", "") + `]}`,
			markdown: "````\na\n```\nb\n````", plain: "a\n```\nb"},
		{name: "quote", markdown: "see\n\n> one\n> two\n\nend", plain: "see\none\ntwo\nend",
			parts: sectionOf(run("see", "")) + `,{"type":"rich_text_quote","elements":[` + run("one\ntwo", "") + `]},` + sectionOf(run("end", ""))},
		{name: "list", markdown: "- a\n    3. b\n    4. c", plain: "a\nb\nc",
			parts: `{"type":"rich_text_list","style":"bullet","elements":[` + sectionOf(run("a", "")) + `]},` +
				`{"type":"rich_text_list","style":"ordered","indent":1,"offset":2,"elements":[` + sectionOf(run("b", "")) + `,` + sectionOf(run("c", "")) + `]}`},
		{name: "broadcast", parts: sectionOf(`{"type":"broadcast","range":"channel"},` + run(" hi", "")), markdown: "@channel hi", plain: "@channel hi"},
		{name: "literal entity", parts: sectionOf(run("&lt; & <b>", "")), markdown: `\&lt; & \<b>`, plain: "&lt; & <b>"},
		{name: "date", parts: sectionOf(`{"type":"date","timestamp":1,"format":"{date}","fallback":"1 Jan 1970"}`), markdown: "1 Jan 1970", plain: "1 Jan 1970"},
		{name: "date without words", markdown: "2023-11-14 22:13 UTC, then", plain: "2023-11-14 22:13 UTC, then",
			parts: sectionOf(`{"type":"date","timestamp":1700000000,"format":"{date_num} {time}"},` + run(", then", ""))},
		{name: "date that is none", parts: sectionOf(`{"type":"date","timestamp":"soon"},` + run("x", "")), markdown: "x", plain: "x"},
		{name: "channel without name", parts: sectionOf(run("see ", "") + `,{"type":"channel","channel_id":"C1"}`), markdown: "see a channel", plain: "see a channel"},
		{name: "user", parts: sectionOf(`{"type":"user","user_id":"U1"},` + run(" look", "")), markdown: "<@U1> look", plain: "<@U1> look"},
		{name: "unknown part", parts: `{"type":"rich_text_future","elements":[{"type":"hologram","text":"boo"}]}`, markdown: "boo", plain: "boo"},
		{name: "text that is an object", parts: sectionOf(`{"type":"odd","text":{"type":"plain_text","text":"hm"}}`), markdown: "hm", plain: "hm"},
		{name: "escaped command", parts: sectionOf(run(`\!snooze is typed`, "")), markdown: `\!snooze is typed`, plain: `\!snooze is typed`},
		{name: "line marks", parts: sectionOf(run("# no heading\n- no list\n1. no number\n> no quote\n#tag -1", "")),
			markdown: "\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n#tag -1", plain: "# no heading\n- no list\n1. no number\n> no quote\n#tag -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, ReadText(Typed{Blocks: rich(tt.parts), Text: "fallback"}), tt.markdown, tt.plain)
		})
	}
}

func TestReadMrkdwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, markdown, plain string }{
		{name: "plain", text: "hello", markdown: "hello", plain: "hello"},
		{name: "styles", text: "*b* _i_ ~s~ `c*d`", markdown: "**b** *i* ~~s~~ `c*d`", plain: "b i s c*d"},
		{name: "inside words", text: "a*b*c snake_case_name 2~3", markdown: `a\*b\*c snake\_case\_name 2\~3`, plain: "a*b*c snake_case_name 2~3"},
		{name: "nested", text: "*_x_*", markdown: "***x***", plain: "x"},
		{name: "entities, ampersand last", text: "&amp;lt; &lt;b&gt;", markdown: `\&lt; \<b>`, plain: "&lt; <b>"},
		{name: "broadcast", text: "<!channel> hi", markdown: "@channel hi", plain: "@channel hi"},
		{name: "date token", text: "<!date^1^{date}|1 Jan>", markdown: "1 Jan", plain: "1 Jan"},
		{name: "user with name", text: "<@U1|ann> hi", markdown: "<@U1> hi", plain: "<@U1> hi"},
		{name: "channel with name", text: "see <#C1|support>", markdown: "see #support", plain: "see #support"},
		{name: "channels without name", text: "see <#C1> or <#C2|>", markdown: "see a channel or a channel", plain: "see a channel or a channel"},
		{name: "link", text: "<https://x.test|here> <https://x.test>", markdown: "[here](<https://x.test>) <https://x.test>", plain: "here https://x.test"},
		{name: "fence", text: "a\n```x *y*\n```\nb", markdown: "a\n\n```\nx *y*\n```\n\nb", plain: "a\nx *y*\nb"},
		{name: "quote", text: "&gt; q1\n&gt; q2\nafter", markdown: "> q1\n> q2\n\nafter", plain: "q1\nq2\nafter"},
		{name: "unclosed", text: "<oops *x `y", markdown: `\<oops \*x ` + "\\`y", plain: "<oops *x `y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, ReadText(Typed{Text: tt.text}), tt.markdown, tt.plain)
		})
	}
}

// What somebody typed has the same characters after our own Markdown reader has read what we made of it.
func TestTypedTextSurvivesMarkdown(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`a*b_c~d[e](f)<g>&amp; \x`, "# x", "- x", "+ x", "1. x\n2) y", "> q", "===", "---", "![img](x)", "<b>x</b>", "&copy; &#65;", "~~~\nx", "    code?", "|a|b|\n|-|-|\n|1|2|",
		"`tick` ``two``", `\\`, "http://x.test/a_b*c", "a  \nb", "<@U1> x", "[ ] todo", "*", "**", "_ _", "5 < 6 > 4",
	} {
		md := ReadText(Typed{Blocks: rich(sectionOf(run(s, "")))}).Markdown
		got := markdown.Plain(markdown.Parts(md))
		want := strings.TrimRight(s, " \n")
		if squash(got) != squash(want) {
			t.Errorf("%q is read as %q, which reads %q", s, md, got)
		}
	}
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

// Whatever Slack sends is read without a crash, and each mention has the token of our Markdown.
func FuzzReadText(f *testing.F) {
	f.Add([]byte(rich(sectionOf(`{"type":"text","text":"x"}`))), "x *y* <@U1> `c` ```d```")
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{}]}]}]`), "&gt; <!date^1|x")
	f.Add([]byte(`[{"blocks":[{"type":"table","rows":[[{"text":"x"}],[],[{"elements":[{}]},null]]}]}]`), "")
	f.Fuzz(func(t *testing.T, blocks []byte, fallback string) {
		got := ReadText(Typed{Blocks: blocks, Attachments: blocks, Text: fallback})
		for token, id := range got.Tokens {
			if token != markdown.MentionToken(id) {
				t.Fatalf("the token of %q is %q, want %q", id, token, markdown.MentionToken(id))
			}
		}
		markdown.Parts(got.Markdown)
	})
}

// Who is mentioned in a block of code is mentioned, so that such a text stays inside.
func TestMentionInCode(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{Blocks: []byte(`[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[
		{"type":"text","text":"look at this, "},{"type":"user","user_id":"U0BEN"},{"type":"broadcast","range":"here"}]}]}]`)})
	if want := []string{"U0BEN", "here"}; !slices.Equal(got.Mentions, want) {
		t.Errorf("mentions %v, want %v", got.Mentions, want)
	}
	if want := "U0BEN"; got.Tokens["<@U0BEN>"] != want {
		t.Errorf("got the tokens %v, want one of %s", got.Tokens, want)
	}
}
