package card

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"parley/channels/markdown"
)

const botID = "28:APPID"

// Mentions as Teams gives them, with their numbers in the text.

func mentionOfUs(index int) TypedMention {
	return TypedMention{ID: botID, Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

// mentionOfNamesake is a mention of another app, which has our name.
func mentionOfNamesake(index int) TypedMention {
	return TypedMention{ID: "28:OTHER", Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

func mentionOfBen(index int) TypedMention {
	return TypedMention{ID: "29:BEN", User: benID, Name: "Ben & Co", Text: "<at>Ben &amp; Co</at>", Index: index}
}

func TestReadHTML(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	us, ofBen, namesake := []TypedMention{mentionOfUs(0)}, []TypedMention{mentionOfBen(0)}, []TypedMention{mentionOfNamesake(0), mentionOfUs(1)}
	for _, tt := range []struct {
		name, html string
		mentions   []TypedMention
		markdown   string
		plain      string // if it differs from markdown
		isVerbatim bool   // our Markdown reader reads the text otherwise
	}{
		{name: "words", html: "<p>hello *you* &amp; &lt;b&gt;</p>", markdown: `hello \*you\* & \<b>`, plain: "hello *you* & <b>"},
		{name: "styles", html: "<div>a <strong>bold </strong><em><s>x</s></em> <u>u</u> <code>c*d</code></div>",
			markdown: "a **bold** ~~*x*~~ u `c*d`", plain: "a bold x u c*d"},
		{name: "lines", html: "<p>a</p><p>b<br>c</p><p>&nbsp;</p><p>d</p>", markdown: "a\nb\nc\n\nd", plain: "a\nb\nc\nd"},
		{name: "older lines", html: "<div><div>a</div><div>b</div><div><br></div><div>c</div></div>", markdown: "a\nb\n\nc", plain: "a\nb\nc"},
		{name: "source spaces", html: "<p>\n  a\n   b  </p>\n<p>c&nbsp;&nbsp;d&nbsp;</p>", markdown: "a b\nc  d"},
		{name: "1 mention first", html: `<div><at id="0">Helpdesk</at>&nbsp;resolve</div>`, mentions: us, markdown: "resolve"},
		{name: "1 mention mid-text", html: `<p>please <at id="0">Helpdesk</at>&nbsp; look</p>`, mentions: us, markdown: "please look"},
		{name: "1 mentioned twice", html: `<p><at id="0">Helpdesk</at> a <at id="1">Helpdesk</at> b</p>`, mentions: []TypedMention{mentionOfUs(0), mentionOfUs(1)}, markdown: "a b"},
		{name: "1 in two pieces", html: `<p><at id="0">Help</at>&nbsp;<at id="1">desk</at>&nbsp;take</p>`, markdown: "take",
			mentions: []TypedMention{{ID: botID, Name: "Help", Text: "<at>Help</at>", Index: 0}, {ID: botID, Name: "desk", Text: "<at>desk</at>", Index: 1}}},
		{name: "1 namesake", html: `<p><at id="0">Helpdesk</at> <at id="1">Helpdesk</at> x</p>`, mentions: namesake, markdown: "<@28:OTHER> x"},
		{name: "2 forged", html: `<p><at id="0">Helpdesk</at> resolve &lt;at&gt;Helpdesk&lt;/at&gt;</p>`,
			markdown: `@Helpdesk resolve \<at>Helpdesk\</at>`, plain: "@Helpdesk resolve <at>Helpdesk</at>"},
		{name: "2 another's name", html: `<p><at id="0">Helpdesk</at> hi</p>`, mentions: ofBen, markdown: "@Helpdesk hi"},
		{name: "3 line after", html: `<div><at id="0">Helpdesk</at></div><div>&nbsp;</div><div>!take</div>`, mentions: us, markdown: "!take"},
		{name: "4 nothing left", html: `<p><at id="0">Helpdesk</at>&nbsp;</p>`, mentions: us},
		{name: "person", html: `<p><at id="0">Ben &amp; Co</at>, look</p>`, mentions: ofBen, markdown: ben + ", look"},
		{name: "person of Graph", html: `<p>see <at id="3">Ben</at></p>`, mentions: []TypedMention{{User: benID, Name: "Ben", Index: 3}}, markdown: "see " + ben},
		{name: "span mention", html: `<p>see <span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Ben &amp; Co</span></p>`, mentions: ofBen, markdown: "see " + ben},
		{name: "channel", html: `<p><at id="0">Support</at> hi</p>`, mentions: []TypedMention{{Name: "Support", Text: "<at>Support</at>"}}, markdown: "@Support hi"},
		{name: "link", html: `<p><a href="https://x.test/a_b">here</a> <a href="https://x.test">https://x.test</a> <a href="javascript:x">no</a></p>`,
			markdown: "[here](<https://x.test/a_b>) <https://x.test> no", plain: "here https://x.test no"},
		{name: "lists", html: `<p>do:</p><ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul><ol start="3"><li>d</li><li>e<br>f</li></ol><p>end</p>`,
			markdown: "do:\n\n- a\n  - b\n- c\n\n3. d\n4. e\n   f\n\nend", plain: "do:\na\nb\nc\nd\ne\nf\nend"},
		{name: "quote", html: "<p>see</p><blockquote><p>one</p><p>&nbsp;</p><p>two</p></blockquote><p>end</p>",
			markdown: "see\n\n> one\n>\n> two\n\nend", plain: "see\none\ntwo\nend"},
		{name: "quoted reply", markdown: "answer", html: `<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17">` +
			`<strong itemprop="mri">Ann</strong><p itemprop="preview">inside words</p></blockquote><p>answer</p>`},
		{name: "forwarded", html: `<p>see this</p><blockquote itemtype="http://schema.skype.com/Forward"><p>inside words</p></blockquote>`, markdown: "see this"},
		{name: "code", html: "<p>try</p><codeblock class=\"Go\"><code>a := *b<br>&nbsp;&nbsp;c</code></codeblock><pre>x\n  y</pre>",
			markdown: "try\n\n```\na := *b\n  c\n```\n\n```\nx\n  y\n```", plain: "try\na := *b\n  c\nx\n  y"},
		{name: "emoji", markdown: "hi 👋😀",
			html: `<p>hi <emoji id="wave" alt="👋" title="Wave"></emoji><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png"></p>`},
		{name: "rule", html: "<p>a</p><hr><p>b</p>", markdown: "a\n\n---\n\nb", plain: "a\n---\nb", isVerbatim: true},
		{name: "heading", html: "<h2>T*</h2><p>b</p>", markdown: "## T\\*\n\nb", plain: "T*\nb"},
		{name: "table", html: "<p>t</p><table><tbody><tr><td><p>a|b</p></td><td>c</td></tr><tr><td>1</td></tr></tbody></table><p>e</p>",
			markdown: "t\n\n| a\\|b | c |\n| - | - |\n| 1 |  |\n\ne", plain: "t\na|b | c\n1 | \ne"},
		{name: "bold in a word", html: `<p>x<strong>"y"</strong>z <strong>a</strong><strong><em>b</em></strong></p>`, markdown: `x"y"z ab`},
		{name: "escaped command", html: `<p>\!snooze is typed</p>`, markdown: `\!snooze is typed`, isVerbatim: true},
		{name: "line marks", html: "<p># no heading<br>- no list<br>1. no number<br>&gt; no quote<br>===</p>",
			markdown: "\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n\\===", plain: "# no heading\n- no list\n1. no number\n> no quote\n==="},
		{name: "hidden", html: "<style>x</style><script>alert(1)</script><!-- c --><title>t</title>seen", markdown: "seen"},
		{name: "unclosed", html: "<p>a <strong>b <at id=", markdown: "a **b**", plain: "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: tt.html, Text: "not this", Mentions: tt.mentions, Bot: botID})
			wantEqual(t, "Markdown", got.Markdown, tt.markdown)
			wantEqual(t, "plain words", got.Plain, cmp.Or(tt.plain, tt.markdown))
			if read := markdown.Plain(markdown.Parts(got.Markdown)); !tt.isVerbatim && withoutLayout(read) != withoutLayout(got.Plain) {
				t.Errorf("our Markdown reader reads %q as %q", got.Markdown, read)
			}
		})
	}
}

// withoutLayout leaves out of a text how its words are laid out: blanks, line ends and the lines of tables.
func withoutLayout(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "|", " ")), "")
}

func TestReadPlain(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	us := []TypedMention{mentionOfUs(0)}
	for _, tt := range []struct {
		name, format, text string
		mentions           []TypedMention
		want               string
	}{
		{name: "plain", format: "plain", text: "<at>Helpdesk</at> re*solve\r\nnow", mentions: us, want: `re\*solve` + "\nnow"},
		{name: "1 namesake first", format: "plain", text: "<at>Helpdesk</at> <at>Helpdesk</at> x", want: "<@28:OTHER> x",
			mentions: []TypedMention{mentionOfNamesake(0), mentionOfUs(1)}},
		{name: "1 namesake last", format: "plain", text: "<at>Helpdesk</at> <at>Helpdesk</at> x", want: "<@28:OTHER> x",
			mentions: []TypedMention{mentionOfUs(0), mentionOfNamesake(1)}},
		{name: "2 forged", format: "plain", text: "<at>Helpdesk</at> x", want: `\<at>Helpdesk\</at> x`},
		{name: "3 NBSP", text: "<at>Helpdesk</at>\u00a0 x", mentions: us, want: "x"},
		{name: "4 nothing left", text: " <at>Helpdesk</at> ", mentions: us},
		{name: "markdown", format: "markdown", text: "<at>Helpdesk</at> **b** <at>Ben &amp; Co</at>", want: "**b** " + ben,
			mentions: []TypedMention{mentionOfUs(0), mentionOfBen(1)}},
		{name: "xml", format: "xml", text: "<b>b</b>&amp;", want: "**b**&"},
	} {
		got := ReadText(Typed{Text: tt.text, Format: tt.format, Mentions: tt.mentions, Bot: botID})
		wantEqual(t, tt.name, got.Markdown, tt.want)
	}
}

// A text says whom it mentions, whether it begins with a mention of us, and what it has besides words.
func TestReadMentions(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<p>&nbsp;<at id="0">Helpdesk</at> ask <at id="1">Ben &amp; Co</at> <attachment id="a1"></attachment>` +
		`<img src="https://g.test/hostedContents/1/$value" itemtype="http://schema.skype.com/AMSImage"></p>`,
		Mentions: []TypedMention{mentionOfUs(0), mentionOfBen(1)}, Bot: botID})
	wantEqual(t, "mentions us", got.Bot, true)
	wantEqual(t, "begins with us", got.Leads, true)
	wantList(t, "mentions", got.Mentions, []string{benID})
	wantEqual(t, "Ben's token", got.Tokens["<@"+benID+">"], benID)
	wantEqual(t, "text with names", got.Named(got.Markdown), "ask @Ben & Co")
	wantList(t, "files", got.Files, []string{"a1"})
	wantEqual(t, "pictures", len(got.Images), 1)
}

func TestReadMentionOfUsInside(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<p>ask <at id="0">Helpdesk</at></p>`, Mentions: []TypedMention{mentionOfUs(0)}, Bot: botID})
	wantEqual(t, "mentions us", got.Bot, true)
	wantEqual(t, "begins with us", got.Leads, false)
	wantList(t, "mentions of others", got.Mentions, nil)
}

// Until it is known who we are, no mention is one of us.
func TestReadMentionBeforeWeAreKnown(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<p><at id="0">Helpdesk</at></p>`, Mentions: []TypedMention{mentionOfNamesake(0)}})
	wantEqual(t, "mentions us", got.Bot, false)
}

// A channel, a team or a tag is mentioned by its name alone.
func TestReadMentionByName(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]Typed{
		"HTML":     {HTML: `<p>ask <at id="0">Support</at></p>`},
		"plain":    {Text: "ask <at>Support</at>"},
		"Markdown": {Text: "ask <at>Support</at>", Format: "markdown"},
	} {
		typed.Mentions = []TypedMention{{Name: "Support", Text: "<at>Support</at>"}}
		got := ReadText(typed)
		wantList(t, name+": mentions", got.Mentions, []string{"@Support"})
		wantEqual(t, name+": words", got.Plain, "ask @Support")
	}
}

// A mention of which Teams says no more than the name is one all the same, but never one of us.
func TestReadMentionWithoutEntity(t *testing.T) {
	t.Parallel()
	for _, html := range []string{
		`<p>ask <span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Ben</span></p>`,
		`<p>ask <at id="0">Ben</at></p>`,
		`<p><code>ask <at id="0">Ben</at></code></p>`,
	} {
		got := ReadText(Typed{HTML: html, Bot: botID})
		wantList(t, html+": mentions", got.Mentions, []string{"@Ben"})
		wantEqual(t, html+": words", got.Plain, "ask @Ben")
	}
	got := ReadText(Typed{HTML: `<p><at id="0">Helpdesk</at> resolve</p>`, Bot: botID})
	wantEqual(t, "mentions us", got.Bot, false)
	wantEqual(t, "words", got.Plain, "@Helpdesk resolve")
}

// Which messages a text quotes is known, and their words aren't part of it.
func TestReadQuotes(t *testing.T) {
	t.Parallel()
	quote := ReadText(Typed{HTML: `<blockquote itemtype="http://schema.skype.com/Reply" itemid="17">x</blockquote>y`})
	wantList(t, "HTML: quotes", quote.Quotes, []string{"17"})
	wantEqual(t, "HTML: Markdown", quote.Markdown, "y")
	for _, format := range []string{"", "plain", "markdown", "xml"} {
		quote := ReadText(Typed{Text: "<quoted messageId=\"17\"/>\nfirst <quoted messageId=\"18\"/> second", Format: format, Quotes: true})
		wantList(t, format+": quotes", quote.Quotes, []string{"17", "18"})
		wantEqual(t, format+": Markdown", quote.Markdown, "first second")
		wantEqual(t, format+": words", quote.Plain, "first second")
	}
}

// What Teams takes from a collection or records itself is no file: it is named, so that nobody believes that the customer got it.
func TestClips(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, html string
		want       []string
	}{
		{name: "GIF", want: []string{"GIF"},
			html: `<p>Done!</p><readonly itemtype="http://schema.skype.com/Giphy"><img src="https://media4.giphy.com/x.gif" itemtype="http://schema.skype.com/Giphy"></readonly>`},
		{name: "sticker", want: []string{"sticker"}, html: `<p><img itemtype="http://schema.skype.com/Sticker" src="https://x.test/s.png"></p>`},
		{name: "video", want: []string{"video"}, html: `<p>see</p><video itemtype="http://schema.skype.com/AMSVideo" src="https://x.test/v">inner words</video>`},
		{name: "recording", want: []string{"recording"}, html: `<audio itemtype="http://schema.skype.com/AMSAudio" src="https://x.test/a"></audio>`},
		{name: "two", want: []string{"GIF", "video"},
			html: `<p><img itemtype="http://schema.skype.com/Tenor" src="https://x.test/t.gif"></p><video src="https://x.test/v"></video>`},
		{name: "a pasted picture", html: `<p><img itemtype="http://schema.skype.com/AMSImage" src="https://x.test/hostedContents/1/$value"></p>`},
		{name: "an emoji", html: `<p><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png"></p>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ReadText(Typed{HTML: tt.html}).Clips; !slices.Equal(got, tt.want) {
				t.Errorf("Clips = %q, want %q", got, tt.want)
			}
		})
	}
}
