package card

import (
	"slices"
	"strings"
	"testing"

	"parley/channels/markdown"
)

const botID = "28:APPID"

// us, annly and others are mentions as Teams gives them.
func us(index int) TypedMention {
	return TypedMention{ID: botID, Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

func namesake(index int) TypedMention {
	return TypedMention{ID: "28:OTHER", Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

func benly(index int) TypedMention {
	return TypedMention{ID: "29:BEN", User: benID, Name: "Ben & Co", Text: "<at>Ben &amp; Co</at>", Index: index}
}

func TestReadHTML(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	cases := []struct {
		name, html string
		mentions   []TypedMention
		md, plain  string
	}{
		{"words", "<p>hello *you* &amp; &lt;b&gt;</p>", nil, `hello \*you\* & \<b>`, "hello *you* & <b>"},
		{"styles", "<div>a <strong>bold </strong><em><s>x</s></em> <u>u</u> <code>c*d</code></div>", nil, "a **bold** ~~*x*~~ u `c*d`", "a bold x u c*d"},
		{"lines", "<p>a</p><p>b<br>c</p><p>&nbsp;</p><p>d</p>", nil, "a\nb\nc\n\nd", "a\nb\nc\nd"},
		{"older lines", "<div><div>a</div><div>b</div><div><br></div><div>c</div></div>", nil, "a\nb\n\nc", "a\nb\nc"},
		{"source spaces", "<p>\n  a\n   b  </p>\n<p>c&nbsp;&nbsp;d&nbsp;</p>", nil, "a b\nc  d", "a b\nc  d"},
		{"1 mention first", `<div><at id="0">Helpdesk</at>&nbsp;resolve</div>`, []TypedMention{us(0)}, "resolve", "resolve"},
		{"1 mention mid-text", `<p>please <at id="0">Helpdesk</at>&nbsp; look</p>`, []TypedMention{us(0)}, "please look", "please look"},
		{"1 mentioned twice", `<p><at id="0">Helpdesk</at> a <at id="1">Helpdesk</at> b</p>`, []TypedMention{us(0), us(1)}, "a b", "a b"},
		{"1 in two pieces", `<p><at id="0">Help</at>&nbsp;<at id="1">desk</at>&nbsp;take</p>`,
			[]TypedMention{{ID: botID, Name: "Help", Text: "<at>Help</at>", Index: 0}, {ID: botID, Name: "desk", Text: "<at>desk</at>", Index: 1}}, "take", "take"},
		{"1 namesake bot", `<p><at id="0">Helpdesk</at> <at id="1">Helpdesk</at> x</p>`, []TypedMention{namesake(0), us(1)}, "<@28:OTHER> x", "<@28:OTHER> x"},
		{"2 forged", `<p><at id="0">Helpdesk</at> resolve &lt;at&gt;Helpdesk&lt;/at&gt;</p>`, nil, `@Helpdesk resolve \<at>Helpdesk\</at>`, "@Helpdesk resolve <at>Helpdesk</at>"},
		{"2 another's name", `<p><at id="0">Helpdesk</at> hi</p>`, []TypedMention{benly(0)}, "@Helpdesk hi", "@Helpdesk hi"},
		{"3 line after", `<div><at id="0">Helpdesk</at></div><div>&nbsp;</div><div>!take</div>`, []TypedMention{us(0)}, "!take", "!take"},
		{"4 nothing left", `<p><at id="0">Helpdesk</at>&nbsp;</p>`, []TypedMention{us(0)}, "", ""},
		{"person", `<p><at id="0">Ben &amp; Co</at>, look</p>`, []TypedMention{benly(0)}, ben + ", look", ben + ", look"},
		{"person of Graph", `<p>see <at id="3">Ben</at></p>`, []TypedMention{{User: benID, Name: "Ben", Index: 3}}, "see " + ben, "see " + ben},
		{"span mention", `<p>see <span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Ben &amp; Co</span></p>`, []TypedMention{benly(0)}, "see " + ben, "see " + ben},
		{"channel", `<p><at id="0">Support</at> hi</p>`, []TypedMention{{Name: "Support", Text: "<at>Support</at>"}}, "@Support hi", "@Support hi"},
		{"link", `<p><a href="https://x.test/a_b">here</a> <a href="https://x.test">https://x.test</a> <a href="javascript:x">no</a></p>`, nil, "[here](<https://x.test/a_b>) <https://x.test> no", "here https://x.test no"},
		{"lists", `<p>do:</p><ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul><ol start="3"><li>d</li><li>e<br>f</li></ol><p>end</p>`, nil,
			"do:\n\n- a\n  - b\n- c\n\n3. d\n4. e\n   f\n\nend", "do:\na\nb\nc\nd\ne\nf\nend"},
		{"quote", "<p>see</p><blockquote><p>one</p><p>&nbsp;</p><p>two</p></blockquote><p>end</p>", nil, "see\n\n> one\n>\n> two\n\nend", "see\none\ntwo\nend"},
		{"quoted reply", `<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17"><strong itemprop="mri">Ann</strong><p itemprop="preview">inside words</p></blockquote><p>answer</p>`, nil, "answer", "answer"},
		{"forwarded", `<p>see this</p><blockquote itemtype="http://schema.skype.com/Forward"><p>inside words</p></blockquote>`, nil, "see this", "see this"},
		{"code", `<p>try</p><codeblock class="Go"><code>a := *b<br>&nbsp;&nbsp;c</code></codeblock><pre>x
  y</pre>`, nil, "try\n\n```\na := *b\n  c\n```\n\n```\nx\n  y\n```", "try\na := *b\n  c\nx\n  y"},
		{"emoji", `<p>hi <emoji id="wave" alt="👋" title="Wave"></emoji><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png"></p>`, nil, "hi 👋😀", "hi 👋😀"},
		{"rule", "<p>a</p><hr><p>b</p>", nil, "a\n\n---\n\nb", "a\n---\nb"},
		{"heading", "<h2>T*</h2><p>b</p>", nil, "## T\\*\n\nb", "T*\nb"},
		{"table", "<p>t</p><table><tbody><tr><td><p>a|b</p></td><td>c</td></tr><tr><td>1</td></tr></tbody></table><p>e</p>", nil, "t\n\n| a\\|b | c |\n| - | - |\n| 1 |  |\n\ne", "t\na|b | c\n1 | \ne"},
		{"bold in a word", `<p>x<strong>"y"</strong>z <strong>a</strong><strong><em>b</em></strong></p>`, nil, `x"y"z ab`, `x"y"z ab`},
		{"escaped verb", `<p>\!snooze is typed</p>`, nil, `\!snooze is typed`, `\!snooze is typed`},
		{"line marks", "<p># no heading<br>- no list<br>1. no number<br>&gt; no quote<br>===</p>", nil, "\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n\\===", "# no heading\n- no list\n1. no number\n> no quote\n==="},
		{"hidden", "<style>x</style><script>alert(1)</script><!-- c --><title>t</title>seen", nil, "seen", "seen"},
		{"unclosed", "<p>a <strong>b <at id=", nil, "a **b**", "a b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: c.html, Text: "not this", Mentions: c.mentions, Bot: botID})
			if got.Markdown != c.md {
				t.Errorf("markdown\n got %q\nwant %q", got.Markdown, c.md)
			}
			if got.Plain != c.plain {
				t.Errorf("plain\n got %q\nwant %q", got.Plain, c.plain)
			}
			if plain := markdown.Plain(markdown.Parts(got.Markdown)); c.name != "rule" && c.name != "escaped verb" && letters(plain) != letters(got.Plain) {
				t.Errorf("%q is read as %q", got.Markdown, plain)
			}
		})
	}
}

// letters are what is seen of a text, whatever its lines and marks.
func letters(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "|", " ")), "")
}

func TestReadPlain(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	cases := []struct {
		name, format, text string
		mentions           []TypedMention
		md                 string
	}{
		{"plain", "plain", "<at>Helpdesk</at> re*solve\r\nnow", []TypedMention{us(0)}, `re\*solve` + "\nnow"},
		{"1 namesake first", "plain", "<at>Helpdesk</at> <at>Helpdesk</at> x", []TypedMention{namesake(0), us(1)}, "<@28:OTHER> x"},
		{"1 namesake last", "plain", "<at>Helpdesk</at> <at>Helpdesk</at> x", []TypedMention{us(0), namesake(1)}, "<@28:OTHER> x"},
		{"2 forged", "plain", "<at>Helpdesk</at> x", nil, `\<at>Helpdesk\</at> x`},
		{"3 NBSP", "", "<at>Helpdesk</at>\u00a0 x", []TypedMention{us(0)}, "x"},
		{"4 nothing left", "", " <at>Helpdesk</at> ", []TypedMention{us(0)}, ""},
		{"markdown", "markdown", "<at>Helpdesk</at> **b** <at>Ben &amp; Co</at>", []TypedMention{us(0), benly(1)}, "**b** " + ben},
		{"xml", "xml", "<b>b</b>&amp;", nil, "**b**&"},
	}
	for _, c := range cases {
		got := ReadText(Typed{Text: c.text, Format: c.format, Mentions: c.mentions, Bot: botID})
		if got.Markdown != c.md {
			t.Errorf("%s: %q, want %q", c.name, got.Markdown, c.md)
		}
	}
}

func TestReadWho(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<p>&nbsp;<at id="0">Helpdesk</at> ask <at id="1">Ben &amp; Co</at> <attachment id="a1"></attachment><img src="https://g.test/hostedContents/1/$value" itemtype="http://schema.skype.com/AMSImage"></p>`,
		Mentions: []TypedMention{us(0), benly(1)}, Bot: botID})
	if !got.Bot || !got.Leads || !slices.Equal(got.Mentions, []string{benID}) || got.Tokens["<@"+benID+">"] != benID || !slices.Equal(got.Files, []string{"a1"}) || len(got.Images) != 1 {
		t.Errorf("got %+v", got)
	}
	if s := got.Named(got.Markdown); s != "ask @Ben & Co" {
		t.Errorf("named %q", s)
	}
	if got := ReadText(Typed{HTML: `<p>ask <at id="0">Helpdesk</at></p>`, Mentions: []TypedMention{us(0)}, Bot: botID}); !got.Bot || got.Leads || len(got.Mentions) != 0 {
		t.Errorf("mid-text: %+v", got)
	}
	if got := ReadText(Typed{HTML: `<p><at id="0">Helpdesk</at></p>`, Mentions: []TypedMention{namesake(0)}, Bot: ""}); got.Bot {
		t.Errorf("nobody's mention: %+v", got)
	}
	tag := []TypedMention{{Name: "Support", Text: "<at>Support</at>"}}
	for _, in := range []Typed{{HTML: `<p>ask <at id="0">Support</at></p>`}, {Text: "ask <at>Support</at>"}, {Text: "ask <at>Support</at>", Format: "markdown"}} {
		in.Mentions = tag
		if got := ReadText(in); !slices.Equal(got.Mentions, []string{"@Support"}) || got.Plain != "ask @Support" {
			t.Errorf("others by name only: %+v", got)
		}
	}
	quote := ReadText(Typed{HTML: `<blockquote itemtype="http://schema.skype.com/Reply" itemid="17">x</blockquote>y`})
	if !slices.Equal(quote.Quotes, []string{"17"}) || quote.Markdown != "y" {
		t.Errorf("got %+v", quote)
	}
	for _, format := range []string{"", "plain", "markdown", "xml"} {
		quote := ReadText(Typed{Text: "<quoted messageId=\"17\"/>\nfirst <quoted messageId=\"18\"/> second", Format: format, Quotes: true})
		if !slices.Equal(quote.Quotes, []string{"17", "18"}) || quote.Markdown != "first second" || quote.Plain != "first second" {
			t.Errorf("%s: got %+v", format, quote)
		}
	}
}
