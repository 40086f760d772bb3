package client

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

var atTag = regexp.MustCompile(`(?s)<at(?:\s[^>]*)?>(.*?)</at>`) //nolint:gochecknoglobals // constant

// Chips returns the mentions that stand in a text: <at>Name</at>.
func Chips(text string) []string { return atTag.FindAllString(text, -1) }

// ChipName is the name that the first mention of a text shows; "" if it has none.
func ChipName(text string) string {
	found := atTag.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return Plain(found[1])
}

// isShownElement reports whether Teams shows an element in a text of format xml.
// Source: "Format your bot messages", read 2026-11.
func isShownElement(tag string) bool {
	return slices.Contains([]string{
		"a", "at", "b", "strong", "i", "em", "u", "s", "strike", "del", "br", "p", "div", "span", "pre", "code",
		"blockquote", "ul", "ol", "li", "h1", "h2", "h3", "hr", "img", "emoji", "attachment",
	}, tag)
}

// Render returns the HTML that people see of a bot's text, and what is wrong with it: elements that Teams doesn't
// show. format is that of the activity: plain, xml or markdown.
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

// Placeholder stands for the i-th mention of a text while that is rendered, which leaves it as it is: its ends are of
// Unicode's private use, so that they are neither markup nor in any text.
func Placeholder(i int) string { return "\uE000" + strconv.Itoa(i) + "\uE001" }

// Markdown renders typed Markdown as HTML; HTML in it is text.
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

// inOrder gives parsers their priorities: an earlier one is tried first.
func inOrder(parsers ...any) []util.PrioritizedValue {
	list := make([]util.PrioritizedValue, len(parsers))
	for i, p := range parsers {
		list[i] = util.Prioritized(p, i)
	}
	return list
}

// sanitizeText leaves out of a text of format xml the elements that Teams doesn't show, and notes each as a fault.
func sanitizeText(text string) (out string, faults []string) {
	var s sanitizer
	tokens := nethtml.NewTokenizer(strings.NewReader(text))
	for tokens.Next() != nethtml.ErrorToken { // the end, since a string is read without errors
		raw := string(tokens.Raw()) // before Token, which uses it up
		s.add(tokens.Token(), raw)
	}
	if len(s.open) > 0 {
		s.fault("<%s> is not closed", s.open[len(s.open)-1])
	}
	return s.shown.String(), s.faults
}

// sanitizer copies what Teams shows of a text, token by token.
type sanitizer struct {
	shown  strings.Builder
	open   []string // the elements that are open, outermost first
	faults []string
}

func (s *sanitizer) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// add adds a token. raw is how it stands in the text.
func (s *sanitizer) add(t nethtml.Token, raw string) {
	switch t.Type {
	case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
		s.begin(t, raw)
	case nethtml.EndTagToken:
		s.end(t, raw)
	case nethtml.TextToken:
		s.shown.WriteString(stdhtml.EscapeString(t.Data))
	default:
		s.fault("%s is not shown", raw)
	}
}

func (s *sanitizer) begin(t nethtml.Token, raw string) {
	if !isShownElement(t.Data) {
		s.fault("the element %s is not shown", raw)
		return
	}
	if t.Data == "a" && !isGoodLink(t) {
		s.fault("the link %s does not work", raw)
	}
	s.shown.WriteString(raw)
	isVoid := t.Type == nethtml.SelfClosingTagToken || slices.Contains([]string{"br", "hr", "img"}, t.Data)
	if !isVoid {
		s.open = append(s.open, t.Data)
	}
}

func (s *sanitizer) end(t nethtml.Token, raw string) {
	last := len(s.open) - 1
	if last < 0 || s.open[last] != t.Data {
		s.fault("%s closes nothing", raw)
		return
	}
	s.open = s.open[:last]
	s.shown.WriteString(raw)
}

// isGoodLink reports whether clients open the address of a link.
func isGoodLink(t nethtml.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "href" {
			return isOpenable(a.Val)
		}
	}
	return false
}

// Plain returns what a person reads of HTML: a line for each block, and mentions as @Name.
func Plain(text string) string {
	var b strings.Builder
	line := func() {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
	}

	z := nethtml.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " "))
		case nethtml.TextToken:
			b.WriteString(strings.Trim(z.Token().Data, "\n"))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			switch t := z.Token(); t.Data {
			case "br":
				b.WriteByte('\n')
			case "at":
				b.WriteByte('@')
			case "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3":
				line()
			}
		case nethtml.EndTagToken:
			switch t := z.Token(); t.Data {
			case "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3":
				line()
			}
		}
	}
}
