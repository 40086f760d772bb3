package blockkit

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"parley/channels/markdown"
)

// A page is what one message holds. Slack limits the blocks as JSON, measured at 13,100
// characters; a page stays well below.
const (
	pageRunes = MaxTextRunes
	pageCost  = 9500 // characters of JSON, about
	runCost   = 70   // the same, for a run without its text
	partCost  = 90   // the same, for a part without its runs
	pageParts = 200
)

// cost is about how many characters of JSON s takes.
func cost(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == '<' || r == '>' || r == '&' || r < ' ' || r == '\u2028' || r == '\u2029':
			n += 6
		case r == '"' || r == '\\':
			n += 2
		default:
			n++
		}
	}
	return n
}

// paginate cuts parts into pages, each of which fits one message. Nothing is lost, and the
// same parts give the same pages.
func paginate(parts []markdown.Part) [][]markdown.Part {
	g := &pager{}
	for _, p := range parts {
		g.add(p)
	}
	g.end()
	return g.pages
}

// pager fills pages.
type pager struct {
	pages       [][]markdown.Part
	page        []markdown.Part
	runes, cost int
}

func (g *pager) end() {
	if len(g.page) > 0 {
		g.pages = append(g.pages, g.page)
	}
	g.page, g.runes, g.cost = nil, 0, 0
}

// add puts p on the page, or on a new one. A part that fits on no page goes on on the next.
func (g *pager) add(p markdown.Part) {
	n, c := size(p)
	full := g.runes+n > pageRunes || g.cost+c > pageCost
	if full && n <= pageRunes/2 && c <= pageCost/2 || len(g.page) >= pageParts {
		g.end()
	}
	open := p
	open.Runs = nil
	g.cost += partCost
	for _, r := range p.Runs {
		frame := runCost + len(r.URL)
		for r.Text != "" {
			room := min(pageRunes-g.runes, pageCost-g.cost-frame)
			piece := cutAt(r.Text, room)
			if over := cost(piece) - room; over > 0 && room > 0 {
				piece = cutAt(piece, room/6) // much of it takes six characters
			}
			if room < 20 || piece == "" {
				g.flush(&open)
				g.end()
				g.cost += partCost
				continue
			}
			open.Runs = append(open.Runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
			g.runes, g.cost = g.runes+utf8.RuneCountInString(piece), g.cost+cost(piece)+frame
			r.Text = r.Text[len(piece):]
		}
	}
	g.flush(&open)
}

func (g *pager) flush(open *markdown.Part) {
	if len(open.Runs) > 0 {
		g.page = append(g.page, *open)
		open.Runs = nil
	}
}

func size(p markdown.Part) (runes, c int) {
	c = partCost
	for _, r := range p.Runs {
		runes, c = runes+utf8.RuneCountInString(r.Text), c+cost(r.Text)+runCost+len(r.URL)
	}
	return runes, c
}

// cutAt gives the beginning of s, at most n runes, preferably ending after a line or word.
func cutAt(s string, n int) string {
	head := markdown.Cut(s, n)
	if len(head) == len(s) {
		return s
	}
	for _, sep := range []string{"\n", " "} {
		if at := strings.LastIndex(head, sep); at > len(head)/2 {
			return head[:at+1]
		}
	}
	return head
}

// richText renders a page as one block. Its text is literal: Slack parses nothing in it.
func richText(blockID string, page []markdown.Part) *slackapi.RichTextBlock {
	var out []slackapi.RichTextElement
	for i := 0; i < len(page); i++ {
		p := page[i]
		switch p.Kind {
		case markdown.Item:
			j := i + 1
			for j < len(page) && page[j].Kind == markdown.Item && page[j].Indent == p.Indent && page[j].Ordered == p.Ordered {
				j++
			}
			out = append(out, richList(page[i:j]))
			i = j - 1
		case markdown.Quote:
			out = append(out, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: richRuns(p.Runs)})
		case markdown.Code:
			out = append(out, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: richRuns(p.Runs)})
		case markdown.Section:
			runs := p.Runs
			if i+1 < len(page) && page[i+1].Kind == markdown.Section {
				runs = append(append([]markdown.Run{}, runs...), markdown.Run{Text: "\n\n"})
			}
			out = append(out, slackapi.NewRichTextSection(richRuns(runs)...))
		}
	}
	return slackapi.NewRichTextBlock(blockID, out...)
}

func richList(items []markdown.Part) slackapi.RichTextElement {
	kind := slackapi.RTEListBullet
	if items[0].Ordered {
		kind = slackapi.RTEListOrdered
	}
	sections := make([]slackapi.RichTextElement, 0, len(items))
	for _, it := range items {
		sections = append(sections, slackapi.NewRichTextSection(richRuns(it.Runs)...))
	}
	list := slackapi.NewRichTextList(kind, items[0].Indent, sections...)
	if items[0].Ordered && items[0].Number > 1 {
		list.Offset = items[0].Number - 1
	}
	return list
}

func richRuns(runs []markdown.Run) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	for _, r := range markdown.Merge(runs) {
		var st *slackapi.RichTextSectionTextStyle
		if r.Style != (markdown.Style{}) {
			st = &slackapi.RichTextSectionTextStyle{Bold: r.Style.Bold, Italic: r.Style.Italic, Strike: r.Style.Strike, Code: r.Style.Code}
		}
		if r.URL != "" {
			label := r.Text
			if label == r.URL {
				label = ""
			}
			out = append(out, slackapi.NewRichTextSectionLinkElement(r.URL, label, st))
			continue
		}
		out = append(out, slackapi.NewRichTextSectionTextElement(r.Text, st))
	}
	return out
}
