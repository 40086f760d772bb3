package message

import (
	"slices"
	"strings"
	"testing"
)

// signatureTest is a signature's source and what should be read from it.
type signatureTest struct {
	name     string
	source   string
	markdown string   // in the text
	pictures []string // addresses of its pictures, in order
	has      []string // in the HTML
	hasNot   []string // not in the HTML
}

func checkSignatures(t *testing.T, tests []signatureTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mustReadSignature(t, tt.source)
			if !strings.Contains(got.Markdown, tt.markdown) {
				t.Errorf("text: got %q, want %q in it", got.Markdown, tt.markdown)
			}
			if !slices.Equal(got.Pictures, tt.pictures) {
				t.Errorf("pictures: got %q, want %q", got.Pictures, tt.pictures)
			}

			for _, part := range tt.has {
				if !strings.Contains(got.HTML, part) {
					t.Errorf("HTML: got %s, want %q in it", got.HTML, part)
				}
			}
			for _, part := range tt.hasNot {
				if strings.Contains(got.HTML, part) {
					t.Errorf("HTML: got %s, want it without %q", got.HTML, part)
				}
			}
		})
	}
}

func mustReadSignature(t *testing.T, source string) Signature {
	t.Helper()
	s, err := ReadSignature(source)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A signature that doesn't begin with a tag is Markdown. Without a picture it needs no HTML of its own.
// Requirement R-176: Signatures.
func TestMarkdownSignature(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, source, markdown string }{
		{name: "Markdown", source: "**Ann**\n[Acme](https://acme.test)\n", markdown: "**Ann**\n[Acme](https://acme.test)"},
		{name: "an address, which is no tag", source: "<https://acme.test>", markdown: "<https://acme.test>"},
		{name: "HTML within Markdown is text", source: "Ann <b>Lee</b>", markdown: "Ann <b>Lee</b>"},
		{
			name:     "an address below that belongs to no picture",
			source:   "Ann\n\n[logo]: data:image/png;base64,AA==",
			markdown: "[logo]: data:",
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mustReadSignature(t, tt.source)
			if !strings.Contains(got.Markdown, tt.markdown) {
				t.Errorf("text: got %q, want %q in it", got.Markdown, tt.markdown)
			}
			if len(got.Pictures) > 0 {
				t.Errorf("pictures: got %q, want none", got.Pictures)
			}
			if got.HTML != "" {
				t.Errorf("HTML: got %s, want none", got.HTML)
			}
		})
	}
}

// A signature that begins with a tag is HTML. Active contents, and everything that would be loaded from elsewhere, are
// removed. Its pictures get ids.
// Requirement R-176: Signatures.
func TestReadSignature(t *testing.T) {
	t.Parallel()
	checkSignatures(t, []signatureTest{
		{
			name: "HTML",
			source: `<p><b>Ann Lee</b><br>Acme</p>` +
				`<table><tr><td><img src="a.png" alt="Logo" width="80"></td><td><a href="https://acme.test">acme.test</a></td></tr></table>` +
				`<img src="b.png"><img src="a.png">`,
			markdown: "**Ann Lee**\nAcme",
			pictures: []string{"a.png", "b.png"}, // each once
			has:      []string{"<b>Ann Lee</b>", "<table>", `width="80"`, "cid:signature-2@parley", `href="https://acme.test"`},
		},
		{
			name: "hostile HTML",
			source: `<p onclick="x()">Ann<script>alert(1)</script><style>p{background:url(https://spy.test/s)}</style></p>` +
				`<a href="javascript:x()">go</a>` +
				`<img src="https://acme.test/l.png" srcset="https://spy.test/2x.png" onerror="x()"><iframe src="https://spy.test"></iframe>` +
				`<p style="background:url(https://spy.test/p)">B</p><img>`,
			markdown: "Ann",
			pictures: []string{"https://acme.test/l.png"},
			has:      []string{"Ann"},
			hasNot:   []string{"script", "onclick", "onerror", "spy.test", "javascript", "iframe", "https:"},
		},
	})
}
