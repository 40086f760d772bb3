package blockkit

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"parley/channels/markdown"
)

// Limits of a page, which is what one message holds. Slack limits the blocks as JSON: at 13,100 characters when that
// was measured, so a page stays well below.
// Units: a cost is an estimate, in characters of JSON.
const (
	pageRunes = MaxTextRunes // of text
	pageCost  = 9500
	pageParts = 200
	runCost   = 70 // of a run without its text
	partCost  = 90 // of a part without its runs
	leastRoom = 20 // runes; a page with less room than this is full, so that no words stand on it in crumbs
)

// cost estimates how many characters of JSON a text takes.
func cost(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == '<' || r == '>' || r == '&' || r < ' ' || r == '\u2028' || r == '\u2029':
			n += escapedCost
		case r == '"' || r == '\\':
			n += 2
		default:
			n++
		}
	}
	return n
}

// escapedCost is what a character costs that JSON writes by its number, as \u003c.
const escapedCost = 6

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

// pager fills pages, one after the other.
type pager struct {
	pages       [][]markdown.Part // those that are full
	page        []markdown.Part   // the one that is being filled
	runes, cost int               // of page
}

// end completes the page and begins an empty one.
func (g *pager) end() {
	if len(g.page) > 0 {
		g.pages = append(g.pages, g.page)
	}
	g.page, g.runes, g.cost = nil, 0, 0
}

// add puts p on the page. A small part that doesn't fit goes on a new page as a whole; a large one fills this page
// and continues on the next.
func (g *pager) add(p markdown.Part) {
	runes, cost := size(p)
	fits := g.runes+runes <= pageRunes && g.cost+cost <= pageCost
	small := runes <= pageRunes/2 && cost <= pageCost/2
	if !fits && small || len(g.page) >= pageParts {
		g.end()
	}
	g.fill(p)
}

// fill puts p on the page run by run, and on further pages what has no room.
func (g *pager) fill(p markdown.Part) {
	open := p
	open.Runs = nil
	g.cost += partCost
	for _, r := range p.Runs {
		frame := runCost + len(r.URL)
		for r.Text != "" {
			room := min(pageRunes-g.runes, pageCost-g.cost-frame)
			piece := cutAt(r.Text, room)
			if over := cost(piece) - room; over > 0 && room > 0 {
				piece = cutAt(piece, room/escapedCost) // short enough even if every character is escaped
			}
			if room < leastRoom || piece == "" {
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

// flush puts what was collected of a part on the page.
func (g *pager) flush(open *markdown.Part) {
	if len(open.Runs) > 0 {
		g.page = append(g.page, *open)
		open.Runs = nil
	}
}

// size gives how much of a page a part takes.
func size(p markdown.Part) (runes, costs int) {
	costs = partCost
	for _, r := range p.Runs {
		runes += utf8.RuneCountInString(r.Text)
		costs += cost(r.Text) + runCost + len(r.URL)
	}
	return runes, costs
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
			end := i + 1
			for end < len(page) && sameList(page[end], p) {
				end++
			}
			out = append(out, richList(page[i:end]))
			i = end - 1
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

// sameList reports whether a part is an item of the list that another item belongs to. In Slack a list has one
// indent and one kind of marks.
func sameList(p, item markdown.Part) bool {
	return p.Kind == markdown.Item && p.Indent == item.Indent && p.Ordered == item.Ordered
}

// richList renders the items of one list, of which there is at least one.
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

// richRuns renders runs of text. A link whose text is its address gets no label.
func richRuns(runs []markdown.Run) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	for _, r := range markdown.Merge(runs) {
		var style *slackapi.RichTextSectionTextStyle
		if r.Style != (markdown.Style{}) {
			style = &slackapi.RichTextSectionTextStyle{
				Bold: r.Style.Bold, Italic: r.Style.Italic, Strike: r.Style.Strike, Code: r.Style.Code,
			}
		}
		if r.URL != "" {
			label := r.Text
			if label == r.URL {
				label = ""
			}
			out = append(out, slackapi.NewRichTextSectionLinkElement(r.URL, label, style))
			continue
		}
		out = append(out, slackapi.NewRichTextSectionTextElement(r.Text, style))
	}
	return out
}
