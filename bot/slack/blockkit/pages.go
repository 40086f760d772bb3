package blockkit

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"parley/channels/markdown"
)

// Limits of a page, which is the text that one message holds. Slack refuses blocks with more than about 13,100 characters of
// JSON, by our own measurement. A cost is an estimate of such characters.
const (
	pageRunes   = MaxTextRunes // of text
	pageCost    = 9500
	pageParts   = 200
	runCost     = 70 // of a run without its text
	partCost    = 90 // of a part without its runs
	escapedCost = 6  // of a character that JSON writes by its number, as \u003c
	minRoom     = 20 // a page with room for fewer characters counts as full, so that no single words stand at its end
)

// costOf estimates how many characters of JSON a text takes.
func costOf(s string) int {
	cost := 0
	for _, r := range s {
		switch r {
		case '<', '>', '&', '\u2028', '\u2029':
			cost += escapedCost
		case '"', '\\':
			cost += 2
		default:
			if r < ' ' {
				cost += escapedCost
			} else {
				cost++
			}
		}
	}

	return cost
}

// splitPages cuts the parts of a text, such as paragraphs, into pages that each fit one message. Nothing is lost, and the same
// parts always make the same pages.
func splitPages(parts []markdown.Part) [][]markdown.Part {
	g := &pager{}
	for _, p := range parts {
		g.addPart(p)
	}
	g.finishPage()
	return g.pages
}

// pager fills pages, one after the other.
type pager struct {
	pages [][]markdown.Part // the pages that are full
	page  []markdown.Part   // the one that is being filled
	runes int               // of page
	cost  int               // of page
}

// finishPage completes the page and begins an empty one.
func (g *pager) finishPage() {
	if len(g.page) > 0 {
		g.pages = append(g.pages, g.page)
	}
	g.page = nil
	g.runes = 0
	g.cost = 0
}

// addPart puts p on the page. If it doesn't fit, a small part goes on a new page as a whole, and a large one fills this page and
// continues on the next.
func (g *pager) addPart(p markdown.Part) {
	runes, cost := sizeOfPart(p)
	fits := g.runes+runes <= pageRunes && g.cost+cost <= pageCost
	isSmall := runes <= pageRunes/2 && cost <= pageCost/2
	isFull := len(g.page) >= pageParts
	fitsOnlyNext := !fits && isSmall
	if isFull || fitsOnlyNext {
		g.finishPage()
	}
	g.fill(p)
}

// fill puts p on the page, run by run. What has no room goes on further pages.
func (g *pager) fill(p markdown.Part) {
	begun := p // what this page gets of p
	begun.Runs = nil

	g.cost += partCost
	for _, r := range p.Runs {
		frameCost := runCost + len(r.URL)
		for r.Text != "" {
			room := min(pageRunes-g.runes, pageCost-g.cost-frameCost)
			piece := cutToRoom(r.Text, room)
			if isFull := room < minRoom || piece == ""; isFull {
				g.flush(&begun)
				g.finishPage()
				g.cost += partCost
				continue
			}

			begun.Runs = append(begun.Runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
			g.runes += utf8.RuneCountInString(piece)
			g.cost += costOf(piece) + frameCost
			r.Text = r.Text[len(piece):]
		}
	}

	g.flush(&begun)
}

// flush puts what was collected of a part on the page.
func (g *pager) flush(begun *markdown.Part) {
	if len(begun.Runs) > 0 {
		g.page = append(g.page, *begun)
		begun.Runs = nil
	}
}

// sizeOfPart returns how much of a page a part takes.
func sizeOfPart(p markdown.Part) (runes, cost int) {
	cost = partCost
	for _, r := range p.Runs {
		runes += utf8.RuneCountInString(r.Text)
		cost += costOf(r.Text) + runCost + len(r.URL)
	}
	return runes, cost
}

// cutToRoom returns the beginning of s that has room, both by its characters and by its cost.
func cutToRoom(s string, room int) string {
	piece := cutAt(s, room)
	if room > 0 && costOf(piece) > room {
		return cutAt(piece, room/escapedCost) // short enough even if every character is escaped
	}
	return piece
}

// cutAt returns at most maxRunes of the beginning of s. If possible, it ends after a line or a word.
func cutAt(s string, maxRunes int) string {
	head := markdown.Cut(s, maxRunes)
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
			end := listEnd(page, i)
			out = append(out, richList(page[i:end]))
			i = end - 1
		case markdown.Quote:
			out = append(out, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: richRuns(p.Runs)})
		case markdown.Code:
			out = append(out, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: richRuns(p.Runs)})
		case markdown.Section:
			runs := p.Runs
			if i+1 < len(page) && page[i+1].Kind == markdown.Section {
				gap := markdown.Run{Text: "\n\n"} // Slack leaves no space between paragraphs
				runs = append(append([]markdown.Run{}, runs...), gap)
			}
			out = append(out, slackapi.NewRichTextSection(richRuns(runs)...))
		}
	}

	return slackapi.NewRichTextBlock(blockID, out...)
}

// listEnd returns the index behind the last item of the list that begins at an index of a page.
func listEnd(page []markdown.Part, begin int) int {
	end := begin + 1
	for end < len(page) && isOfSameList(page[end], page[begin]) {
		end++
	}
	return end
}

// isOfSameList reports whether a part is an item of the list that another item belongs to. In Slack a list has one
// indent and one kind of marks.
func isOfSameList(p, item markdown.Part) bool {
	if p.Kind != markdown.Item {
		return false
	}
	return p.Indent == item.Indent && p.Ordered == item.Ordered
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
