// Package markdown reads and writes canonical Markdown, the common format of everything that customers and
// agents write. Channels (mail, WhatsApp) and surfaces (the agents' Slack or Teams) convert their own formats
// from and to it. All of them parse it with this package, so that it means the same everywhere: New returns a
// parser for channels, which render the tree in their own way, and Parts returns the parts and runs of text
// that surfaces render. A Writer creates Markdown from what somebody typed, and escapes every character that
// is meant literally.
//
// What does not belong here: the rich text of any vendor, how a channel's text looks, and what the words mean (bot/command).
package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// Unescape returns the text of a piece of Markdown: it resolves backslash escapes and entities. `\*` becomes
// "*", "&amp;" becomes "&", and an escaped "&" begins no entity.
func Unescape(source []byte) string {
	var out []byte
	for {
		i := bytes.IndexByte(source, '\\')
		if i < 0 || i+1 == len(source) {
			return string(append(out, resolveEntities(source)...))
		}

		out = append(out, resolveEntities(source[:i])...)
		if !util.IsPunct(source[i+1]) { // this backslash escapes nothing and is literal
			out = append(out, '\\')
			source = source[i+1:]
			continue
		}

		out = append(out, source[i+1])
		source = source[i+2:]
	}
}

func resolveEntities(b []byte) []byte {
	return util.ResolveEntityNames(util.ResolveNumericReferences(b))
}

// Lines returns the content of a code block.
func Lines(n ast.Node, src []byte) string {
	var out bytes.Buffer
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		out.Write(at.Value(src))
	}
	return out.String()
}

// SpanText returns the content of a code span on one line. Code spans have no escapes.
func SpanText(span ast.Node, src []byte) string {
	var out bytes.Buffer
	for n := span.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			out.Write(t.Value(src))
		}
	}
	return strings.ReplaceAll(out.String(), "\n", " ")
}

var lineBreakTag = regexp.MustCompile(`(?i)^<br\s*/?>$`)

// HTML returns an HTML tag as text, because canonical Markdown has no HTML. isBreak reports whether it is a
// <br>, the only way to break a line in a table cell.
func HTML(n *ast.RawHTML, src []byte) (raw []byte, isBreak bool) {
	for i := range n.Segments.Len() {
		at := n.Segments.At(i)
		raw = append(raw, at.Value(src)...)
	}
	return raw, lineBreakTag.Match(raw)
}

// Destination returns the address of a link. It returns "" for schemes that no link may have, because opening
// it would run code or read the reader's own files.
func Destination(source []byte) string {
	to := Unescape(source)
	scheme, _, found := strings.Cut(strings.ToLower(strings.TrimSpace(to)), ":")
	switch scheme {
	case "javascript", "vbscript", "file", "data":
		if found {
			return ""
		}
	}
	return to
}

// Indent puts first before the first line of s and rest before the others. It removes trailing spaces.
func Indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		lines[i] = strings.TrimRight(prefix+line, " ")
	}
	return strings.Join(lines, "\n")
}
