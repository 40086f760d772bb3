package teamsfake

import (
	"bytes"
	"fmt"
	stdhtml "html"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	nethtml "golang.org/x/net/html"
)

// This file converts between the markup of Teams messages and what people see. A bot sends texts such as
//
//	**Hello** <at>Ann Lee</at>
//
// Render makes the HTML that a client shows, and reports markup that a client would drop. Plain makes the plain text that a
// person reads of such HTML: "Hello @Ann Lee".

var atTag = regexp.MustCompile(`(?s)<at(?:\s[^>]*)?>(.*?)</at>`) //nolint:gochecknoglobals // constant

// Chips returns the mention tags of a text, such as "<at>Ann Lee</at>". Clients show them as chips.
func Chips(text string) []string { return atTag.FindAllString(text, -1) }

// ChipName returns the name in the first mention tag of a text, or "".
func ChipName(text string) string {
	found := atTag.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return Plain(found[1])
}

// isShownElement reports whether Teams supports an HTML element in a text of format xml.
// Source: "Format your bot messages", read 2026-11.
func isShownElement(tag string) bool {
	return slices.Contains([]string{
		"a", "at", "b", "strong", "i", "em", "u", "s", "strike", "del", "br", "p", "div", "span", "pre", "code",
		"blockquote", "ul", "ol", "li", "h1", "h2", "h3", "hr", "img", "emoji", "attachment",
	}, tag)
}

// Render returns the HTML that a client shows for a bot's text. faults describes the markup that it doesn't show. format is
// the activity's textFormat: plain, xml or markdown.
func Render(text, format string) (out string, faults []string) {
	switch format {
	case "plain":
		return strings.ReplaceAll(stdhtml.EscapeString(text), "\n", "<br>"), nil
	case "xml":
		return sanitizeText(text)
	}

	tags := Chips(text)
	for i, tag := range tags {
		text = strings.Replace(text, tag, Placeholder(i), 1)
	}

	out = Markdown(text)
	for i, tag := range tags {
		out = strings.Replace(out, Placeholder(i), tag, 1)
	}

	return out, nil
}

// Placeholder returns a string that takes the place of the i-th mention while a text is rendered. Its first and last
// characters are for private use in Unicode, so no Markdown parser changes them and no ordinary text has them.
func Placeholder(i int) string { return "\uE000" + strconv.Itoa(i) + "\uE001" }

// Markdown renders Markdown as HTML. It escapes HTML in the text, since the parser doesn't know raw HTML.
func Markdown(text string) string {
	md := goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(inOrder(parser.NewListParser(), parser.NewListItemParser(),
				parser.NewFencedCodeBlockParser(), parser.NewBlockquoteParser(), parser.NewParagraphParser())...),
			parser.WithInlineParsers(inOrder(parser.NewCodeSpanParser(), parser.NewLinkParser(),
				parser.NewAutoLinkParser(), parser.NewEmphasisParser())...))),
		goldmark.WithRendererOptions(html.WithHardWraps()))
	var b bytes.Buffer
	if err := md.Convert([]byte(text), &b); err != nil {
		return "<p>" + stdhtml.EscapeString(text) + "</p>"
	}
	return strings.TrimSpace(b.String())
}

// inOrder assigns priorities to parsers: earlier ones are tried first.
func inOrder(parsers ...any) []util.PrioritizedValue {
	list := make([]util.PrioritizedValue, len(parsers))
	for i, p := range parsers {
		list[i] = util.Prioritized(p, i)
	}
	return list
}

// sanitizeText removes the elements that Teams doesn't show from a text of format xml, and reports each as a fault.
func sanitizeText(text string) (out string, faults []string) {
	var s sanitizer
	tokens := nethtml.NewTokenizer(strings.NewReader(text))
	for tokens.Next() != nethtml.ErrorToken { // the only error is the end of the text
		raw := string(tokens.Raw()) // Token makes it invalid
		s.add(tokens.Token(), raw)
	}
	if len(s.open) > 0 {
		s.fault("<%s> is not closed", s.open[len(s.open)-1])
	}
	return s.shown.String(), s.faults
}

// sanitizer copies the tokens of a text that Teams shows.
type sanitizer struct {
	shown  strings.Builder
	open   []string // names of the open elements, outermost first
	faults []string
}

func (s *sanitizer) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// add adds a token. raw is its source text.
func (s *sanitizer) add(token nethtml.Token, raw string) {
	switch token.Type {
	case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
		s.begin(token, raw)
	case nethtml.EndTagToken:
		s.end(token, raw)
	case nethtml.TextToken:
		s.shown.WriteString(stdhtml.EscapeString(token.Data))
	default:
		s.fault("%s is not shown", raw)
	}
}

func (s *sanitizer) begin(tag nethtml.Token, raw string) {
	if !isShownElement(tag.Data) {
		s.fault("the element %s is not shown", raw)
		return
	}
	if tag.Data == "a" && !isWorkingLink(tag) {
		s.fault("the link %s does not work", raw)
	}
	s.shown.WriteString(raw)
	isVoid := tag.Type == nethtml.SelfClosingTagToken || slices.Contains([]string{"br", "hr", "img"}, tag.Data)
	if !isVoid {
		s.open = append(s.open, tag.Data)
	}
}

func (s *sanitizer) end(tag nethtml.Token, raw string) {
	last := len(s.open) - 1
	if last < 0 || s.open[last] != tag.Data {
		s.fault("%s closes nothing", raw)
		return
	}
	s.open = s.open[:last]
	s.shown.WriteString(raw)
}

// isWorkingLink reports whether an a element has an address that clients open.
func isWorkingLink(tag nethtml.Token) bool {
	for _, attr := range tag.Attr {
		if attr.Key == "href" {
			return isOpenable(attr.Val)
		}
	}
	return false
}

// Plain returns the plain text of HTML: each block element on a line of its own, and mentions as @Name.
func Plain(text string) string {
	var b strings.Builder
	endLine := func() {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
	}

	tokens := nethtml.NewTokenizer(strings.NewReader(text))
	for {
		switch tokens.Next() {
		case nethtml.ErrorToken: // the end of the text
			return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " "))
		case nethtml.TextToken:
			b.WriteString(strings.Trim(tokens.Token().Data, "\n"))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			switch name := tokens.Token().Data; {
			case name == "br":
				b.WriteByte('\n')
			case name == "at":
				b.WriteByte('@')
			case isBlock(name):
				endLine()
			}
		case nethtml.EndTagToken:
			if isBlock(tokens.Token().Data) {
				endLine()
			}
		}
	}
}

// isBlock reports whether an HTML element begins and ends a line.
func isBlock(name string) bool {
	return slices.Contains([]string{"p", "div", "li", "blockquote", "pre", "h1", "h2", "h3"}, name)
}
