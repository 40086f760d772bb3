package markdown

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Sizes of what is parsed at once: a parser's time grows with the square of hostile text.
const (
	chunkBytes = 12 << 10 // from here on a text is cut at the next empty line
	chunkMost  = 24 << 10 // here it is cut wherever it is
)

// chunks cuts a long text between paragraphs, outside of code where possible.
func chunks(md string) []string {
	var out []string
	begin, fenced := 0, false
	for at := 0; at < len(md); {
		end := len(md)
		if n := strings.IndexByte(md[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := strings.TrimSpace(md[at:min(end, at+80)])
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
		}
		for end-begin > chunkMost {
			cut := at
			if cut == begin { // one endless line
				cut = begin + len(Cut(md[begin:min(end, begin+chunkMost)], chunkMost/4))
				if slashes := cut - len(strings.TrimRight(md[begin:cut], `\`)) - begin; slashes%2 == 1 {
					cut-- // the last backslash stays with the sign that it protects
				}
			}
			out = append(out, md[begin:cut])
			begin, at = cut, max(at, cut)
		}
		if line == "" && !fenced && end-begin > chunkBytes {
			out = append(out, md[begin:end])
			begin = end
		}
		at = end
	}
	if begin < len(md) {
		out = append(out, md[begin:])
	}
	return out
}

// unbroken gives a chunk that begins inside of a line with its first sign protected, so that
// the sign starts no quote, list, line or heading there.
func unbroken(chunk string) string {
	words := strings.TrimLeft(chunk, " \t")
	if words == "" || words[0] >= utf8.RuneSelf || !util.IsPunct(words[0]) || words[0] == '\\' {
		return chunk
	}
	return chunk[:len(chunk)-len(words)] + `\` + words
}

// newParser makes a parser of GitHub's Markdown whose time is bounded for hostile text too; it
// serves one chunk. A line like "[1]: https://example.org" is text for it: nothing that somebody wrote may
// vanish.
func newParser() parser.Parser {
	blocks := []util.PrioritizedValue{ // goldmark's own, two of them bounded
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	}
	inlines := []util.PrioritizedValue{
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(&boundedLink{parser.NewLinkParser(), 4 * chunkMost}, 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewRawHTMLParser(), 400),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(oncePerRun{extension.NewStrikethroughParser()}, 500),
	}
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(inlines...))),
		goldmark.WithExtensions(extension.Linkify, extension.Table, extension.TaskList),
	).Parser()
}

// oncePerRun asks the parser of strikethrough only for the first tilde of a run. That parser
// refuses all others too, but reads the rest of the run each time before it does.
type oncePerRun struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (o oncePerRun) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if block.PrecendingCharacter() == '~' {
		return nil
	}
	return o.InlineParser.Parse(parent, block, pc)
}

// boundedLink finds links in one text. It stops when many addresses of links never ended: a
// parser reads a word full of "](" to its end for each of them. What follows is text then.
type boundedLink struct {
	parser.InlineParser
	left int // bytes of addresses that may still be read
}

// Parse implements parser.InlineParser.
func (b *boundedLink) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); bytes.HasPrefix(line, []byte("](")) {
		length := addressLength(line[2:min(len(line), urlBytes+2)])
		b.left -= length
		if length == urlBytes || b.left < 0 {
			return nil
		}
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker: goldmark's parser makes text of what was opened
// and never closed there.
func (b *boundedLink) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if closer, ok := b.InlineParser.(parser.CloseBlocker); ok {
		closer.CloseBlock(parent, block, pc)
	}
}

// addressLength gives where a link's address ends that begins s: at a blank, or at a
// parenthesis that it did not open.
func addressLength(s []byte) int {
	open := 0
	for i, c := range s {
		switch {
		case util.IsSpace(c):
			return i
		case i > 0 && s[i-1] == '\\':
		case c == '(':
			open++
		case c == ')' && open == 0:
			return i
		case c == ')':
			open--
		}
	}
	return len(s)
}
