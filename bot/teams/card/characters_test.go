package card

import (
	"testing"

	"parley/channels/markdown"
)

// Text in code and in tables' cells comes whole. The address of a link is written after its words. A mention there counts
// like any other, since a text with a mention is for colleagues.
func TestCharacters(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	const row = "\n| - |"
	for _, tt := range []struct {
		name, html, markdown string
		mentions             []string
		images, files        []string
	}{
		{name: "a link in a cell", html: cell(`<a href="https://x.test/19"><strong>19</strong></a> EUR`), markdown: "| 19 (https://x.test/19) EUR |" + row},
		{name: "an address in a cell", markdown: "| x.test eve@example.org |" + row,
			html: cell(`<a href="https://x.test/">x.test</a> <a href="mailto:eve@example.org">eve@example.org</a>`)},
		{name: "a link that leads nowhere", html: cell(`<a href="javascript:x">no</a>`), markdown: "| no |" + row},
		{name: "lines in a cell", html: cell(`<p>one</p><p>two<br>three</p>`), markdown: "| one two three |" + row},
		{name: "a colleague in a cell", html: cell(`<at id="0">Ben &amp; Co</at> look`), markdown: `| \` + ben + ` look |` + row, mentions: []string{benID}},
		{name: "one without an entity", html: cell(`<at id="0">Ann</at> look`), markdown: "| @Ann look |" + row, mentions: []string{"@Ann"}},
		{name: "emoji in a cell", markdown: "| 🙂😀 |" + row,
			html: cell(`<emoji alt="🙂"></emoji><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png">`)},
		{name: "a picture and a file", html: cell(`see <img src="https://x.test/p.png"><attachment id="f1"></attachment>`),
			markdown: "| see |" + row,
			images:   []string{"https://x.test/p.png"}, files: []string{"f1"}},
		{name: "hidden", html: cell(`<style>x</style>a<blockquote itemtype="http://schema.skype.com/Reply">inside</blockquote>`), markdown: "| a |" + row},
		{name: "a colleague in code", html: `<pre>x <at id="0">Ben &amp; Co</at></pre>`, markdown: "```\nx " + ben + "\n```", mentions: []string{benID}},
		{name: "a link in code", markdown: "```\na\n  b (https://x.test/19)\n```",
			html: `<codeblock class="Go"><code>a<br>&nbsp;&nbsp;<a href="https://x.test/19">b</a></code></codeblock>`},
		{name: "lines of code", html: `<pre>a<div>b</div><div>c</div>d</pre>`, markdown: "```\na\nb\nc\nd\n```"},
		{name: "a link as code", markdown: "see `x` [label](<https://x.test/19>) `x.test`",
			html: `<p>see <code>x <a href="https://x.test/19">label</a> <a href="https://x.test/">x.test</a></code></p>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: tt.html, Mentions: []TypedMention{mentionOfBen(0)}, Bot: botID})
			wantEqual(t, "Markdown", got.Markdown, tt.markdown)
			wantList(t, "mentions", got.Mentions, tt.mentions)
			wantList(t, "pictures", got.Images, tt.images)
			wantList(t, "files", got.Files, tt.files)
		})
	}
}

// cell is a table of one cell.
func cell(inside string) string {
	return "<table><tbody><tr><td>" + inside + "</td></tr></tbody></table>"
}
