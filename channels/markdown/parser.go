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

// New returns a parser of canonical Markdown. That is GitHub Flavored Markdown without HTML and link
// reference definitions, both of which are text here ("[1]: https://example.org"), because nothing that
// somebody wrote may disappear.
//
// Its time is linear in the length of a text, however hostile the text is. options are goldmark's own, such
// as a renderer. The result is safe for concurrent use.
func New(options ...goldmark.Option) goldmark.Markdown {
	// goldmark's default parsers without HTML, some of them limited. The priorities are goldmark's, too.
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

// maxDepth is the maximum number of enclosing blocks of a block. A list counts twice, because its items are
// blocks as well. The marks of deeper quotations and lists are text.
const maxDepth = 12

// depthLimited prevents a block parser from opening blocks deeper than maxDepth. Without that limit, parsing
// a line of n marks takes O(n²) time.
type depthLimited struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (d depthLimited) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		depth++
	}
	if depth > maxDepth {
		return nil, parser.NoChildren
	}
	return d.BlockParser.Open(parent, reader, pc)
}

// oncePerRun calls the strikethrough parser only for the first tilde of a run of tildes. The parser rejects
// the others anyway, but each time it scans the rest of the run first, which takes O(n²) time for a long run.
type oncePerRun struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (o oncePerRun) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if block.PrecendingCharacter() == '~' {
		return nil
	}
	return o.InlineParser.Parse(parent, block, pc)
}

// maxAddressReads limits the bytes scanned for the ends of link addresses, as a multiple of the length of a text.
const maxAddressReads = 4

// boundedLink parses links until the addresses in a text have cost too much. For each "](" the parser scans
// to the end of the word, and a hostile text has many addresses that never end. Links after the limit is
// reached are text.
type boundedLink struct{ parser.InlineParser }

// addressBudget is the key of an *int in the context of a parse: how many bytes of addresses may still be
// scanned. There is one key for all parses, because goldmark counts its keys without a lock and allocates
// room for all of them in each parse.
var addressBudget = parser.NewContextKey() //nolint:gochecknoglobals // never changed

// Parse implements parser.InlineParser.
func (b boundedLink) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); bytes.HasPrefix(line, []byte("](")) {
		budget, ok := pc.Get(addressBudget).(*int)
		if !ok {
			budget = new(int)
			*budget = maxAddressReads * len(block.Source())
			pc.Set(addressBudget, budget)
		}
		if *budget < 0 {
			return nil
		}
		*budget -= addressLength(line[len("]("):])
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker. goldmark's parser turns unfinished links into text there.
func (b boundedLink) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if closer, ok := b.InlineParser.(parser.CloseBlocker); ok {
		closer.CloseBlock(parent, block, pc)
	}
}

// addressLength returns the length of the link address at the beginning of s. It ends at white space, or at a
// closing parenthesis that was not opened in it.
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
