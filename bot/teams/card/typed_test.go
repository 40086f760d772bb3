package card

import (
	"cmp"
	"strings"
	"testing"

	"parley/channels/markdown"
)

// htmlCase is a text as Teams brings it, with the Markdown and the plain words that it is read as.
type htmlCase struct {
	name       string
	html       string
	mentions   []TypedMention
	markdown   string
	plain      string // "" if it is the same as markdown
	isVerbatim bool   // Parley's Markdown reader doesn't show it as it was typed
}

// checkHTML checks what each text is read as, and that Parley's own Markdown reader shows the same words.
func checkHTML(t *testing.T, cases ...htmlCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: tt.html, Text: "not this", Mentions: tt.mentions, Bot: botID})
			wantEqual(t, "Markdown", got.Markdown, tt.markdown)
			wantEqual(t, "plain words", got.Plain, cmp.Or(tt.plain, tt.markdown))
			shown := markdown.Plain(markdown.Parts(got.Markdown))
			if !tt.isVerbatim && withoutLayout(shown) != withoutLayout(got.Plain) {
				t.Errorf("our Markdown reader shows %q as %q", got.Markdown, shown)
			}
		})
	}
}

// withoutLayout removes blanks, line ends and the lines of tables from a text.
func withoutLayout(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "|", " ")), "")
}

func TestReadStyles(t *testing.T) {
	t.Parallel()
	checkHTML(t,
		htmlCase{
			name:     "signs of Markdown, and entities",
			html:     "<p>hello *you* &amp; &lt;b&gt;</p>",
			markdown: `hello \*you\* & \<b>`,
			plain:    "hello *you* & <b>",
		},
		htmlCase{
			name:     "styles",
			html:     "<div>a <strong>bold </strong><em><s>x</s></em> <u>u</u> <code>c*d</code></div>",
			markdown: "a **bold** ~~*x*~~ u `c*d`",
			plain:    "a bold x u c*d",
		},
		htmlCase{
			name:     "bold in a word, which Markdown can't say",
			html:     `<p>x<strong>"y"</strong>z <strong>a</strong><strong><em>b</em></strong></p>`,
			markdown: `x"y"z ab`,
		},
		htmlCase{
			name: "links",
			html: `<p><a href="https://x.test/a_b">here</a> <a href="https://x.test">https://x.test</a> ` +
				`<a href="javascript:x">no</a></p>`,
			markdown: "[here](<https://x.test/a_b>) <https://x.test> no",
			plain:    "here https://x.test no",
		},
		htmlCase{
			name: "emoji, in both forms of clients",
			html: `<p>hi <emoji id="wave" alt="👋" title="Wave"></emoji>` +
				`<img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png"></p>`,
			markdown: "hi 👋😀",
		},
		htmlCase{
			name: "emoji of the organisation, which a customer doesn't have",
			html: `<p>thanks <customemoji id="1" alt="party" source="https://x.test/1"></customemoji> ` +
				`<customemoji id="2" alt=":party2:"></customemoji><customemoji id="3"></customemoji></p>`,
			markdown: "thanks :party: :party2:",
		},
		htmlCase{
			name:     "emoji in bold, as Graph writes it",
			html:     `<p><strong>Great <emoji id="smile" alt="🙂" title="Smile"></emoji></strong></p>`,
			markdown: "**Great 🙂**",
			plain:    "Great 🙂",
		},
		htmlCase{
			name:     "emoji in bold, as the webhook writes it",
			html:     `<p><strong>Great <img itemtype="http://schema.skype.com/Emoji" alt="🙂" src="https://x.test/e.png"></strong></p>`,
			markdown: "**Great 🙂**",
			plain:    "Great 🙂",
		},
		htmlCase{
			name:       "escaped command",
			html:       `<p>\!snooze is typed</p>`,
			markdown:   `\!snooze is typed`,
			isVerbatim: true,
		},
	)
}

func TestReadLines(t *testing.T) {
	t.Parallel()
	checkHTML(t,
		htmlCase{name: "paragraphs", html: "<p>a</p><p>b<br>c</p><p>&nbsp;</p><p>d</p>", markdown: "a\nb\nc\n\nd", plain: "a\nb\nc\nd"},
		htmlCase{
			name: "lines of older clients", html: "<div><div>a</div><div>b</div><div><br></div><div>c</div></div>",
			markdown: "a\nb\n\nc", plain: "a\nb\nc",
		},
		htmlCase{name: "blanks of the source", html: "<p>\n  a\n   b  </p>\n<p>c&nbsp;&nbsp;d&nbsp;</p>", markdown: "a b\nc  d"},
		htmlCase{
			name:     "signs at the beginning of lines",
			html:     "<p># no heading<br>- no list<br>1. no number<br>&gt; no quote<br>===</p>",
			markdown: "\\# no heading\n\\- no list\n1\\. no number\n\\> no quote\n\\===",
			plain:    "# no heading\n- no list\n1. no number\n> no quote\n===",
		},
		htmlCase{
			name:     "what nobody sees",
			html:     "<style>x</style><script>alert(1)</script><!-- c --><title>t</title>seen",
			markdown: "seen",
		},
		htmlCase{name: "elements without an end", html: "<p>a <strong>b <at id=", markdown: "a **b**", plain: "a b"},
	)
}

func TestReadBlocks(t *testing.T) {
	t.Parallel()
	checkHTML(t,
		htmlCase{
			name: "lists",
			html: `<p>do:</p><ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul>` +
				`<ol start="3"><li>d</li><li>e<br>f</li></ol><p>end</p>`,
			markdown: "do:\n\n- a\n  - b\n- c\n\n3. d\n4. e\n   f\n\nend",
			plain:    "do:\na\nb\nc\nd\ne\nf\nend",
		},
		htmlCase{
			name: "quote", html: "<p>see</p><blockquote><p>one</p><p>&nbsp;</p><p>two</p></blockquote><p>end</p>",
			markdown: "see\n\n> one\n>\n> two\n\nend", plain: "see\none\ntwo\nend",
		},
		htmlCase{
			name: "quoted message, which isn't part of the text",
			html: `<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17">` +
				`<strong itemprop="mri">Ann</strong><p itemprop="preview">inside words</p></blockquote><p>answer</p>`,
			markdown: "answer",
		},
		htmlCase{
			name:     "forwarded message, which isn't part of the text",
			html:     `<p>see this</p><blockquote itemtype="http://schema.skype.com/Forward"><p>inside words</p></blockquote>`,
			markdown: "see this",
		},
		htmlCase{
			name:     "code",
			html:     `<p>try</p><codeblock class="Go"><code>a := *b<br>&nbsp;&nbsp;c</code></codeblock>` + "<pre>x\n  y</pre>",
			markdown: "try\n\n```\na := *b\n  c\n```\n\n```\nx\n  y\n```",
			plain:    "try\na := *b\n  c\nx\n  y",
		},
		htmlCase{name: "rule", html: "<p>a</p><hr><p>b</p>", markdown: "a\n\n---\n\nb", plain: "a\n---\nb", isVerbatim: true},
		htmlCase{name: "heading", html: "<h2>T*</h2><p>b</p>", markdown: "## T\\*\n\nb", plain: "T*\nb"},
		htmlCase{
			name:     "table with a row that is too short",
			html:     "<p>t</p><table><tbody><tr><td><p>a|b</p></td><td>c</td></tr><tr><td>1</td></tr></tbody></table><p>e</p>",
			markdown: "t\n\n| a\\|b | c |\n| - | - |\n| 1 |  |\n\ne",
			plain:    "t\na|b | c\n1 | \ne",
		},
	)
}

// A mention of Parley's bot isn't part of the text (case 1).
func TestReadMentionsOfUs(t *testing.T) {
	t.Parallel()
	us := []TypedMention{mentionOfUs(0)}
	checkHTML(t,
		htmlCase{
			name:     "first",
			html:     `<div><at id="0">Helpdesk</at>&nbsp;resolve</div>`,
			mentions: us,
			markdown: "resolve",
		},
		htmlCase{
			name:     "inside",
			html:     `<p>please <at id="0">Helpdesk</at>&nbsp; look</p>`,
			mentions: us,
			markdown: "please look",
		},
		htmlCase{
			name:     "twice",
			html:     `<p><at id="0">Helpdesk</at> a <at id="1">Helpdesk</at> b</p>`,
			mentions: []TypedMention{mentionOfUs(0), mentionOfUs(1)},
			markdown: "a b",
		},
		htmlCase{
			name: "in two pieces",
			html: `<p><at id="0">Help</at>&nbsp;<at id="1">desk</at>&nbsp;take</p>`,
			mentions: []TypedMention{
				{ID: botID, Name: "Help", Text: "<at>Help</at>", Index: 0},
				{ID: botID, Name: "desk", Text: "<at>desk</at>", Index: 1},
			},
			markdown: "take",
		},
		htmlCase{
			name:     "beside a namesake",
			html:     `<p><at id="0">Helpdesk</at> <at id="1">Helpdesk</at> x</p>`,
			mentions: []TypedMention{mentionOfNamesake(0), mentionOfUs(1)},
			markdown: "<@28:OTHER> x",
		},
		htmlCase{
			name:     "on a line above",
			html:     `<div><at id="0">Helpdesk</at></div><div>&nbsp;</div><div>!take</div>`,
			mentions: us,
			markdown: "!take",
		},
		htmlCase{
			name:     "alone",
			html:     `<p><at id="0">Helpdesk</at>&nbsp;</p>`,
			mentions: us,
			markdown: "",
		},
	)
}

// Text that looks like a mention of Parley's bot, but isn't listed as one in the activity, doesn't count as a mention
// (case 2).
func TestReadForgedMentions(t *testing.T) {
	t.Parallel()
	checkHTML(t,
		htmlCase{
			name:     "typed",
			html:     `<p><at id="0">Helpdesk</at> resolve &lt;at&gt;Helpdesk&lt;/at&gt;</p>`,
			markdown: `@Helpdesk resolve \<at>Helpdesk\</at>`,
			plain:    "@Helpdesk resolve <at>Helpdesk</at>",
		},
		htmlCase{
			name:     "told as one of somebody else",
			html:     `<p><at id="0">Helpdesk</at> hi</p>`,
			mentions: []TypedMention{mentionOfBen(0)},
			markdown: "@Helpdesk hi",
		},
	)
}

// The mention of a person becomes a token in Markdown. The mention of a channel becomes its name.
func TestReadMentionsOfOthers(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	checkHTML(t,
		htmlCase{
			name:     "person",
			html:     `<p><at id="0">Ben &amp; Co</at>, look</p>`,
			mentions: []TypedMention{mentionOfBen(0)},
			markdown: ben + ", look",
		},
		htmlCase{
			name:     "person, as Graph tells it",
			html:     `<p>see <at id="3">Ben</at></p>`,
			mentions: []TypedMention{{User: benID, Name: "Ben", Index: 3}},
			markdown: "see " + ben,
		},
		htmlCase{
			name:     "person in a span",
			html:     `<p>see <span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Ben &amp; Co</span></p>`,
			mentions: []TypedMention{mentionOfBen(0)},
			markdown: "see " + ben,
		},
		htmlCase{
			name:     "channel",
			html:     `<p><at id="0">Support</at> hi</p>`,
			mentions: []TypedMention{{Name: "Support", Text: "<at>Support</at>"}},
			markdown: "@Support hi",
		},
	)
}
