// Package markdown reads and writes canonical Markdown, the one form in which channels and surfaces hand each other
// what people wrote. Both sides read it here, so that it means the same to a customer's mail program and to an agent's
// chat: New gives the tree that channels write as something else, Parts the parts and runs of text that surfaces
// render. A Writer makes Markdown of what somebody typed, once its vendor's form is taken apart, with every character
// escaped that is meant literally.
//
// What does not belong here: any vendor's form of rich text, how a channel's text looks, and what
// the words mean (bot/command).
package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// Unescape returns the text of a run of Markdown: it resolves backslashes and entities. A sign behind a
// backslash begins no entity.
func Unescape(source []byte) string {
	var out []byte
	for {
		i := bytes.IndexByte(source, '\\')
		if i < 0 || i+1 == len(source) {
			return string(append(out, resolveEntities(source)...))
		}

		out = append(out, resolveEntities(source[:i])...)
		if !util.IsPunct(source[i+1]) { // this backslash protects nothing and stands for itself
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

// Lines returns the source lines of a code block.
func Lines(n ast.Node, src []byte) string {
	var out bytes.Buffer
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		out.Write(at.Value(src))
	}
	return out.String()
}

// SpanText returns the text of a code span on one line. Nothing is escaped in a code span.
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

// HTML returns the characters of an HTML tag, which is text for us. isBreak is true for a tag that breaks
// the line: cells of tables have no other way to do so.
func HTML(n *ast.RawHTML, src []byte) (raw []byte, isBreak bool) {
	for i := range n.Segments.Len() {
		at := n.Segments.At(i)
		raw = append(raw, at.Value(src)...)
	}
	return raw, lineBreakTag.Match(raw)
}

// Destination returns the address of a link. It returns "" for an address that no link may have, because
// opening it would run something or read the reader's own files.
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

// Indent puts first before the first line and rest before the others.
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
