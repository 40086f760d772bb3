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

// New returns the parser of canonical Markdown. That is GitHub's Markdown without HTML and without link
// definitions: both are text here ("[1]: https://example.org"), because nothing that somebody wrote may
// vanish. The time of the parser grows only in proportion to a text's length, however hostile the text is.
// options are goldmark's own, such as a renderer's. The result is safe for concurrent use.
func New(options ...goldmark.Option) goldmark.Markdown {
	// goldmark's own parsers without that of HTML, some of them bounded. The priorities are goldmark's own, too.
	blocks := []util.PrioritizedValue{
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(depthLimited{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(depthLimited{parser.NewBlockquoteParser()}, 800),
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

// maxDepth is in how many blocks a block may stand. A list counts twice, because its items are blocks too.
// The marks of quotations and lists that lie deeper are text.
const maxDepth = 12

// depthLimited keeps a block parser from opening blocks deeper than anybody reads. Without a
// bound, a line of n marks costs time that grows with the square of n.
type depthLimited struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (s depthLimited) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		depth++
	}
	if depth > maxDepth {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// oncePerRun calls the parser of strikethrough only for the first tilde of a run of tildes. The parser
// refuses the other ones anyway, but it reads the rest of the run each time before it refuses.
type oncePerRun struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (o oncePerRun) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if block.PrecendingCharacter() == '~' {
		return nil
	}
	return o.InlineParser.Parse(parent, block, pc)
}

// maxAddressReads times the length of a text may be read in search of the ends of its links' addresses.
const maxAddressReads = 4

// boundedLink finds links until the addresses of a text cost too much. A hostile text has many addresses
// that never end: for each "](" the parser reads on to the end of the word. The links that follow are text then.
type boundedLink struct{ parser.InlineParser }

// addressesLeft is the key of an *int in the state of a parse: how many bytes of addresses may still be
// read. The key is made once, because goldmark counts its keys without a lock, and each parse has room for all.
var addressesLeft = parser.NewContextKey() //nolint:gochecknoglobals // never changed

// Parse implements parser.InlineParser.
func (b boundedLink) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); bytes.HasPrefix(line, []byte("](")) {
		left, ok := pc.Get(addressesLeft).(*int)
		if !ok {
			left = new(int)
			*left = maxAddressReads * len(block.Source())
			pc.Set(addressesLeft, left)
		}
		if *left < 0 {
			return nil
		}
		*left -= addressLength(line[len("]("):])
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker. In it, goldmark's parser makes text of links that were begun
// and never ended.
func (b boundedLink) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if closer, ok := b.InlineParser.(parser.CloseBlocker); ok {
		closer.CloseBlock(parent, block, pc)
	}
}

// addressLength returns the length of the link address with which s begins. The address ends at a blank, or
// at a closing parenthesis that was not opened in it.
func addressLength(s []byte) int {
	open := 0
	for i, c := range s {
		if util.IsSpace(c) {
			return i
		}

		isEscaped := i > 0 && s[i-1] == '\\'
		if isEscaped {
			continue
		}

		switch c {
		case '(':
			open++
		case ')':
			if open == 0 {
				return i
			}
			open--
		}
	}

	return len(s)
}
