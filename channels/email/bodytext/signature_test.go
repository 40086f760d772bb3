package bodytext

import (
	"slices"
	"strings"
	"testing"
)

// A signature is HTML if it begins with a tag. What is active or loaded from elsewhere goes; its
// pictures are named, and the text tells what they show.
//
//
func TestReadSignature(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, source, markdown string
		pictures               []string
		has, hasNot            []string // of the HTML; none = there is none
	}{
		{name: "Markdown", source: "**Ann**\n[Acme](https://acme.test)\n", markdown: "**Ann**\n[Acme](https://acme.test)"},
		{name: "an address", source: "<https://acme.test>", markdown: "<https://acme.test>"},
		{name: "HTML within Markdown is text", source: "Ann <b>Lee</b>", markdown: "Ann <b>Lee</b>"},
		{name: "Markdown with a picture", source: "**Ann**\n\n![Acme](logo.png)", markdown: "**Ann**\n\nAcme", pictures: []string{"logo.png"},
			has: []string{"<strong>Ann</strong>", `src="cid:signature-1@parley"`, `alt="Acme"`}, hasNot: []string{"logo.png"}},
		{name: "a picture whose address stands below", source: "![Acme][logo] **Ann** [x][logo] ![y][none]\n\n[logo]: data:image/png;base64,AA==\n[other]: https://acme.test/b.png", markdown: "Acme **Ann**",
			pictures: []string{"data:image/png;base64,AA=="}, has: []string{`alt="Acme"`, "[x][logo]", "![y][none]", "[other]: "}, hasNot: []string{"data:"}},
		{name: "an address below without a picture", source: "Ann\n\n[logo]: data:image/png;base64,AA==", markdown: "[logo]: data:"},
		{name: "HTML", source: `<p><b>Ann Lee</b><br>Acme</p><table><tr><td><img src="a.png" alt="Logo" width="80"></td><td><a href="https://acme.test">acme.test</a></td></tr></table><img src="b.png"><img src="a.png">`,
			markdown: "**Ann Lee**\nAcme", pictures: []string{"a.png", "b.png"},
			has: []string{"<b>Ann Lee</b>", "<table>", `width="80"`, "cid:signature-2@parley", `href="https://acme.test"`}},
		{name: "hostile", source: `<p onclick="x()">Ann<script>alert(1)</script><style>p{background:url(https://spy.test/s)}</style></p><a href="javascript:x()">go</a>` +
			`<img src="https://acme.test/l.png" srcset="https://spy.test/2x.png" onerror="x()"><iframe src="https://spy.test"></iframe><p style="background:url(https://spy.test/p)">B</p><img>`,
			markdown: "Ann", pictures: []string{"https://acme.test/l.png"}, has: []string{"Ann"}, hasNot: []string{"script", "onclick", "onerror", "spy.test", "javascript", "iframe", "https:"}},
	} {
		s, err := ReadSignature(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !strings.Contains(s.Markdown, c.markdown) {
			t.Errorf("%s: got the text %q, want %q in it", c.name, s.Markdown, c.markdown)
		}
		if !slices.Equal(s.Pictures, c.pictures) {
			t.Errorf("%s: got the pictures %q, want %q", c.name, s.Pictures, c.pictures)
		}
		if len(c.has) == 0 && s.HTML != "" {
			t.Errorf("%s: got the HTML %s, want none", c.name, s.HTML)
		}
		for _, part := range c.has {
			if !strings.Contains(s.HTML, part) {
				t.Errorf("%s: got the HTML %s, want %q in it", c.name, s.HTML, part)
			}
		}
		for _, part := range c.hasNot {
			if strings.Contains(s.HTML, part) {
				t.Errorf("%s: got the HTML %s, want it without %q", c.name, s.HTML, part)
			}
		}
	}
}
