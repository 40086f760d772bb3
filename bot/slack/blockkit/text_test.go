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

func TestReadRichText(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, parts, md, plain string }{
		{"plain", sectionOf(`{"type":"text","text":"hello *you*"}`), `hello \*you\*`, "hello *you*"},
		{"styles", sectionOf(`{"type":"text","text":"a "},{"type":"text","text":"bold ","style":{"bold":true}},{"type":"text","text":"x","style":{"italic":true,"strike":true}}`),
			"a **bold** ~~*x*~~", "a bold x"},
		{"bold over lines", sectionOf(`{"type":"text","text":"a\nb","style":{"bold":true}}`), "**a**\n**b**", "a\nb"},
		{"bold in a word", sectionOf(`{"type":"text","text":"x"},{"type":"text","text":"\"y\"","style":{"bold":true}},{"type":"text","text":"z"}`), `x"y"z`, `x"y"z`},
		{"bold, then more", sectionOf(`{"type":"text","text":"a","style":{"bold":true}},{"type":"text","text":" b","style":{"bold":true,"italic":true}}`), "**a** ***b***", "a b"},
		{"code with backticks", sectionOf("{\"type\":\"text\",\"text\":\"a`b\",\"style\":{\"code\":true}}"), "``a`b``", "a`b"},
		{"link", sectionOf(`{"type":"link","url":"https://x.test/a_b","text":"here"},{"type":"text","text":" "},{"type":"link","url":"https://x.test"}`),
			"[here](<https://x.test/a_b>) <https://x.test>", "here https://x.test"},
		{"script link", sectionOf(`{"type":"link","url":"javascript:alert(1)","text":"x"}`), "x", "x"},
		{"mail link", sectionOf(`{"type":"link","url":"mailto:a_b@x.test","text":"a_b@x.test"}`), `a\_b@x.test`, "a_b@x.test"},
		{"emoji", sectionOf(`{"type":"emoji","name":"wave","unicode":"1f44b"}`), "👋", "👋"},
		{"skin tone", sectionOf(`{"type":"emoji","name":"wave","unicode":"1f44b-1f3fd","skin_tone":4},{"type":"emoji","name":"+1","unicode":"1f44d","skin_tone":2}`), "👋🏽👍🏻", "👋🏽👍🏻"},
		{"custom", sectionOf(`{"type":"emoji","name":"party_parrot"}`), `:party\_parrot:`, ":party_parrot:"},
		{"flag", sectionOf(`{"type":"emoji","name":"flag-de","unicode":"1f1e9-1f1ea"}`), "🇩🇪", "🇩🇪"},
		{"fence in code", `{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a\n` + "```" + `\nb"}]}`, "````\na\n```\nb\n````", "a\n```\nb"},
		{"quote", sectionOf(`{"type":"text","text":"see"}`) + `,{"type":"rich_text_quote","elements":[{"type":"text","text":"one\ntwo"}]},` + sectionOf(`{"type":"text","text":"end"}`),
			"see\n\n> one\n> two\n\nend", "see\none\ntwo\nend"},
		{"list", `{"type":"rich_text_list","style":"bullet","elements":[` + sectionOf(`{"type":"text","text":"a"}`) + `]},{"type":"rich_text_list","style":"ordered","indent":1,"offset":2,"elements":[` + sectionOf(`{"type":"text","text":"b"}`) + `,` + sectionOf(`{"type":"text","text":"c"}`) + `]}`,
			"- a\n    3. b\n    4. c", "a\nb\nc"},
		{"broadcast", sectionOf(`{"type":"broadcast","range":"channel"},{"type":"text","text":" hi"}`), "@channel hi", "@channel hi"},
		{"literal entity", sectionOf(`{"type":"text","text":"&lt; & <b>"}`), `\&lt; & \<b>`, "&lt; & <b>"},
		{"date", sectionOf(`{"type":"date","timestamp":1,"format":"{date}","fallback":"1 Jan 1970"}`), "1 Jan 1970", "1 Jan 1970"},
		{"date without words", sectionOf(`{"type":"date","timestamp":1700000000,"format":"{date_num} {time}"},{"type":"text","text":", then"}`), "2023-11-14 22:13 UTC, then", "2023-11-14 22:13 UTC, then"},
		{"date that is none", sectionOf(`{"type":"date","timestamp":"soon"},{"type":"text","text":"x"}`), "x", "x"},
		{"user", sectionOf(`{"type":"user","user_id":"U1"},{"type":"text","text":" look"}`), "<@U1> look", "<@U1> look"},
		{"unknown part", `{"type":"rich_text_future","elements":[{"type":"hologram","text":"boo"}]}`, "boo", "boo"},
		{"text object", sectionOf(`{"type":"odd","text":{"type":"plain_text","text":"hm"}}`), "hm", "hm"},
		{"escaped verb", sectionOf(`{"type":"text","text":"\\!snooze is typed"}`), `\!snooze is typed`, `\!snooze is typed`},
		{"line marks", sectionOf(`{"type":"text","text":"# no heading\n- no list\n1. no number\n> no quote\n#tag -1"}`),
			"\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n#tag -1", "# no heading\n- no list\n1. no number\n> no quote\n#tag -1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{Blocks: rich(c.parts), Text: "fallback"})
			if got.Markdown != c.md {
				t.Errorf("markdown\n got %q\nwant %q", got.Markdown, c.md)
			}
			if got.Plain != c.plain {
				t.Errorf("plain\n got %q\nwant %q", got.Plain, c.plain)
			}
		})
	}
}

func TestReadMrkdwn(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, md, plain string }{
		{"plain", "hello", "hello", "hello"},
		{"styles", "*b* _i_ ~s~ `c*d`", "**b** *i* ~~s~~ `c*d`", "b i s c*d"},
		{"inside words", "a*b*c snake_case_name 2~3", `a\*b\*c snake\_case\_name 2\~3`, "a*b*c snake_case_name 2~3"},
		{"nested", "*_x_*", "***x***", "x"},
		{"entities, ampersand last", "&amp;lt; &lt;b&gt;", `\&lt; \<b>`, "&lt; <b>"},
		{"broadcast", "<!channel> hi", "@channel hi", "@channel hi"},
		{"date token", "<!date^1^{date}|1 Jan>", "1 Jan", "1 Jan"},
		{"user with name", "<@U1|ann> hi", "<@U1> hi", "<@U1> hi"},
		{"channel with name", "see <#C1|support>", "see #support", "see #support"},
		{"link", "<https://x.test|here> <https://x.test>", "[here](<https://x.test>) <https://x.test>", "here https://x.test"},
		{"fence", "a\n```x *y*\n```\nb", "a\n\n```\nx *y*\n```\n\nb", "a\nx *y*\nb"},
		{"quote", "&gt; q1\n&gt; q2\nafter", "> q1\n> q2\n\nafter", "q1\nq2\nafter"},
		{"unclosed", "<oops *x `y", `\<oops \*x ` + "\\`y", "<oops *x `y"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{Text: c.in})
			if got.Markdown != c.md {
				t.Errorf("markdown\n got %q\nwant %q", got.Markdown, c.md)
			}
			if got.Plain != c.plain {
				t.Errorf("plain\n got %q\nwant %q", got.Plain, c.plain)
			}
		})
	}
}

// What somebody typed comes out of our own Markdown reader with the same characters.
func TestTypedTextSurvivesMarkdown(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`a*b_c~d[e](f)<g>&amp; \x`, "# x", "- x", "+ x", "1. x\n2) y", "> q", "===", "---", "![img](x)", "<b>x</b>", "&copy; &#65;", "~~~\nx", "    code?", "|a|b|\n|-|-|\n|1|2|",
		"`tick` ``two``", `\\`, "http://x.test/a_b*c", "a  \nb", "<@U1> x", "[ ] todo", "*", "**", "_ _", "5 < 6 > 4",
	} {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		md := ReadText(Typed{Blocks: rich(sectionOf(`{"type":"text","text":` + string(raw) + `}`))}).Markdown
		got := markdown.Plain(markdown.Parts(md))
		want := strings.TrimRight(s, " \n")
		if squash(got) != squash(want) {
			t.Errorf("%q became %q by %q", s, got, md)
		}
	}
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

func FuzzReadText(f *testing.F) {
	f.Add([]byte(rich(sectionOf(`{"type":"text","text":"x"}`))), "x *y* <@U1> `c` ```d```")
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{}]}]}]`), "&gt; <!date^1|x")
	f.Add([]byte(`[{"blocks":[{"type":"table","rows":[[{"text":"x"}],[],[{"elements":[{}]},null]]}]}]`), "")
	f.Fuzz(func(t *testing.T, blocks []byte, fallback string) {
		got := ReadText(Typed{Blocks: blocks, Attachments: blocks, Text: fallback})
		for token, id := range got.Tokens {
			if token != markdown.MentionToken(id) {
				t.Fatalf("token %q of %q", token, id)
			}
		}
		markdown.Parts(got.Markdown)
	})
}

// Whoever is mentioned in a block of code is mentioned: such a text stays inside.
func TestMentionInCode(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{Blocks: []byte(`[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[
		{"type":"text","text":"look at this, "},{"type":"user","user_id":"U0BEN"},{"type":"broadcast","range":"here"}]}]}]`)})
	if want := []string{"U0BEN", "here"}; !slices.Equal(got.Mentions, want) {
		t.Errorf("mentions %v, want %v", got.Mentions, want)
	}
	if got.Tokens["<@U0BEN>"] != "U0BEN" {
		t.Errorf("tokens %v", got.Tokens)
	}
}
