package card

import (
	"slices"
	"testing"

	"parley/channels/markdown"
)

// TestCharacters: what stands in code and in the cells of a table comes whole. The address of a link stands behind its words,
// and a mention counts as anywhere else, because a text with one is for colleagues.
func TestCharacters(t *testing.T) {
	t.Parallel()
	ben := markdown.MentionToken(benID)
	cell := func(inside string) string { return "<table><tbody><tr><td>" + inside + "</td></tr></tbody></table>" }
	for _, c := range []struct {
		name, html, md string
		mentions       []string
		images, files  []string
	}{
		{"a link in a cell", cell(`<a href="https://x.test/19"><strong>19</strong></a> EUR`), "| 19 (https://x.test/19) EUR |\n| - |", nil, nil, nil},
		{"an address in a cell", cell(`<a href="https://x.test/">x.test</a> <a href="mailto:eve@example.org">eve@example.org</a>`), "| x.test eve@example.org |\n| - |", nil, nil, nil},
		{"a link that leads nowhere", cell(`<a href="javascript:x">no</a>`), "| no |\n| - |", nil, nil, nil},
		{"lines in a cell", cell(`<p>one</p><p>two<br>three</p>`), "| one two three |\n| - |", nil, nil, nil},
		{"a colleague in a cell", cell(`<at id="0">Ben &amp; Co</at> look`), `| \` + ben + ` look |` + "\n| - |", []string{benID}, nil, nil},
		{"a forged one", cell(`<at id="0">Ann</at> look`), "| @Ann look |\n| - |", nil, nil, nil},
		{"emoji in a cell", cell(`<emoji alt="🙂"></emoji><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png">`), "| 🙂😀 |\n| - |", nil, nil, nil},
		{"a picture and a file", cell(`see <img src="https://x.test/p.png"><attachment id="f1"></attachment>`), "| see |\n| - |", nil, []string{"https://x.test/p.png"}, []string{"f1"}},
		{"hidden", cell(`<style>x</style>a<blockquote itemtype="http://schema.skype.com/Reply">inside</blockquote>`), "| a |\n| - |", nil, nil, nil},
		{"a colleague in code", `<pre>x <at id="0">Ben &amp; Co</at></pre>`, "```\nx " + ben + "\n```", []string{benID}, nil, nil},
		{"a link in code", `<codeblock class="Go"><code>a<br>&nbsp;&nbsp;<a href="https://x.test/19">b</a></code></codeblock>`, "```\na\n  b (https://x.test/19)\n```", nil, nil, nil},
		{"lines of code", `<pre>a<div>b</div><div>c</div>d</pre>`, "```\na\nb\nc\nd\n```", nil, nil, nil},
		{"a link as code", `<p>see <code>x <a href="https://x.test/19">label</a> <a href="https://x.test/">x.test</a></code></p>`, "see `x` [label](<https://x.test/19>) `x.test`", nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: c.html, Mentions: []TypedMention{benly(0)}, Bot: botID})
			if got.Markdown != c.md {
				t.Errorf("markdown\n got %q\nwant %q", got.Markdown, c.md)
			}
			if !slices.Equal(got.Mentions, c.mentions) || !slices.Equal(got.Images, c.images) || !slices.Equal(got.Files, c.files) {
				t.Errorf("mentions %v, pictures %v, files %v", got.Mentions, got.Images, got.Files)
			}
		})
	}
	own := ReadText(Typed{HTML: cell(`<at id="0">Helpdesk</at> take`), Mentions: []TypedMention{us(0)}, Bot: botID})
	if own.Markdown != "| take |\n| - |" || !own.Bot || own.Leads || len(own.Mentions) != 0 {
		t.Errorf("we are mentioned in a cell: %+v", own)
	}
}
