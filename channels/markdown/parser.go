package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// New makes the reader of canonical Markdown: GitHub's, but HTML is what its characters say, and a
// line like "[1]: https://example.org" is text: nothing that somebody wrote may vanish. Its time
// grows with the length of a text, however hostile that is. options are of goldmark, such as a
// renderer's. Safe for concurrent use.
func New(options ...goldmark.Option) goldmark.Markdown {
	blocks := []util.PrioritizedValue{ // goldmark's own without HTML, two of them bounded
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
	inlines := []util.PrioritizedValue{
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(boundedLink{parser.NewLinkParser()}, 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewRawHTMLParser(), 400),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(oncePerRun{extension.NewStrikethroughParser()}, 500),
	}
	return goldmark.New(append([]goldmark.Option{
		goldmark.WithParser(parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(inlines...))),
		goldmark.WithExtensions(extension.Linkify, extension.Table, extension.TaskList),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500))),
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

// addressShare is how many times a text's length may be read as addresses of its links.
const addressShare = 4

// boundedLink finds links. It stops when many addresses in a text never ended: a parser reads a
// word full of "](" to its end for each of them. What follows is text then.
type boundedLink struct{ parser.InlineParser }

// addressesLeft is where the state of a parse keeps how many bytes of addresses may still be read, an
// *int. It is made once: goldmark counts its keys without a lock, and gives each parse room for all.
var addressesLeft = parser.NewContextKey() //nolint:gochecknoglobals // never changed

// Parse implements parser.InlineParser.
func (b boundedLink) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); bytes.HasPrefix(line, []byte("](")) {
		left, ok := pc.Get(addressesLeft).(*int)
		if !ok {
			left = new(int)
			*left = addressShare * len(block.Source())
			pc.Set(addressesLeft, left)
		}
		if *left < 0 {
			return nil
		}
		*left -= addressLength(line[2:])
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker: goldmark's parser makes text of what was opened
// and never closed there.
func (b boundedLink) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
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
