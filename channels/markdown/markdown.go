// Package markdown reads and writes canonical Markdown, the one form in which channels and
// surfaces hand each other what people wrote. Both sides read it here, so that it means the same
// to a customer's mail program and to an agent's chat: New gives the tree that channels write as
// something else, Parts the parts and runs of text that surfaces render. A Writer makes Markdown
// of what somebody typed, once its vendor's form is taken apart, with every character escaped that
// is meant literally.
//
// What does not belong here: any vendor's form of rich text, how a channel's text looks, and what
// the words mean (bot/command).
package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// New makes the reader of canonical Markdown: GitHub's, but HTML is what its characters
// say, and a line like "[1]: https://example.org" is text: nothing that somebody wrote may
// vanish. options are of goldmark, such as a renderer's.
func New(options ...goldmark.Option) goldmark.Markdown {
	blocks := []util.PrioritizedValue{ // the default ones without HTML blocks
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	}
	return goldmark.New(append([]goldmark.Option{
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(blocks...),
			parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		)),
		goldmark.WithExtensions(extension.GFM),
	}, options...)...)
}

// maxDepth is how many blocks may contain a block. A list counts twice, because its items
// are blocks too. The marks of deeper quotes and lists are text.
const maxDepth = 12

// shallow keeps a block parser from opening blocks deeper than anybody reads. Without a
// bound, a line of n marks costs time that grows with the square of n.
type shallow struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		depth++
	}
	if depth > maxDepth {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// Unescape gives the text of a run of source: it resolves backslashes and entities. What a
// backslash protects is no entity.
func Unescape(b []byte) string {
	var out []byte
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 == len(b) {
			return string(append(out, entities(b)...))
		}
		out = append(out, entities(b[:i])...)
		if !util.IsPunct(b[i+1]) {
			out = append(out, '\\')
			b = b[i+1:]
			continue
		}
		out = append(out, b[i+1])
		b = b[i+2:]
	}
}

func entities(b []byte) []byte {
	return util.ResolveEntityNames(util.ResolveNumericReferences(b))
}

// Lines gives the source lines of a code block.
func Lines(n ast.Node, src []byte) string {
	var out bytes.Buffer
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		out.Write(at.Value(src))
	}
	return out.String()
}

// SpanText gives the text of a code span, in which nothing is escaped, on one line.
func SpanText(span ast.Node, src []byte) string {
	var out bytes.Buffer
	for n := span.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			out.Write(t.Value(src))
		}
	}
	return strings.ReplaceAll(out.String(), "\n", " ")
}

var lineBreak = regexp.MustCompile(`(?i)^<br\s*/?>$`)

// HTML gives the characters of HTML that is text to us. breaks says that it is a line
// break, which cells of tables need.
func HTML(n *ast.RawHTML, src []byte) (raw []byte, breaks bool) {
	for i := range n.Segments.Len() {
		at := n.Segments.At(i)
		raw = append(raw, at.Value(src)...)
	}
	return raw, lineBreak.Match(raw)
}

// Destination gives where a link leads: "" where no link may, because opening it would run
// something or read the reader's own files.
func Destination(source []byte) string {
	to := string(util.ResolveEntityNames(source))
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
