package slack

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
)

// A page is what one message holds. Slack limits the blocks as JSON, measured at 13,100
// characters; a page stays well below.
const (
	pageRunes = maxTextRunes
	pageCost  = 9500 // characters of JSON, about
	runCost   = 70   // of a run's frame
	partCost  = 90   // of a part's frame
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
func paginate(parts []part) [][]part {
	g := &pager{}
	for _, p := range parts {
		g.add(p)
	}
	g.end()
	return g.pages
}

// pager fills pages.
type pager struct {
	pages       [][]part
	page        []part
	runes, cost int
}

func (g *pager) end() {
	if len(g.page) > 0 {
		g.pages = append(g.pages, g.page)
	}
	g.page, g.runes, g.cost = nil, 0, 0
}

// add puts p on the page, or a new one; what fits on none is cut.
func (g *pager) add(p part) {
	n, c := size(p)
	full := g.runes+n > pageRunes || g.cost+c > pageCost
	if full && n <= pageRunes/2 && c <= pageCost/2 || len(g.page) >= pageParts {
		g.end()
	}
	open := p
	open.runs = nil
	g.cost += partCost
	for _, r := range p.runs {
		frame := runCost + len(r.url)
		for r.text != "" {
			room := min(pageRunes-g.runes, pageCost-g.cost-frame)
			piece := cutAt(r.text, room)
			if over := cost(piece) - room; over > 0 && room > 0 {
				piece = cutAt(piece, room/6) // much of it takes six characters
			}
			if room < 20 || piece == "" {
				g.flush(&open)
				g.end()
				g.cost += partCost
				continue
			}
			open.runs = append(open.runs, run{text: piece, url: r.url, st: r.st})
			g.runes, g.cost = g.runes+utf8.RuneCountInString(piece), g.cost+cost(piece)+frame
			r.text = r.text[len(piece):]
		}
	}
	g.flush(&open)
}

func (g *pager) flush(open *part) {
	if len(open.runs) > 0 {
		g.page = append(g.page, *open)
		open.runs = nil
	}
}

func size(p part) (runes, c int) {
	c = partCost
	for _, r := range p.runs {
		runes, c = runes+utf8.RuneCountInString(r.text), c+cost(r.text)+runCost+len(r.url)
	}
	return runes, c
}

// cutAt gives the beginning of s, at most n runes, preferably ending after a line or word.
func cutAt(s string, n int) string {
	head := cutRunes(s, n)
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
func richText(blockID string, page []part) *slackapi.RichTextBlock {
	var out []slackapi.RichTextElement
	for i := 0; i < len(page); i++ {
		p := page[i]
		switch p.kind {
		case partItem:
			j := i + 1
			for j < len(page) && page[j].kind == partItem && page[j].indent == p.indent && page[j].ordered == p.ordered {
				j++
			}
			out = append(out, richList(page[i:j]))
			i = j - 1
		case partQuote:
			out = append(out, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: richRuns(p.runs)})
		case partCode:
			out = append(out, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: richRuns(p.runs)})
		case partSection:
			runs := p.runs
			if i+1 < len(page) && page[i+1].kind == partSection {
				runs = append(append([]run{}, runs...), run{text: "\n\n"})
			}
			out = append(out, slackapi.NewRichTextSection(richRuns(runs)...))
		}
	}
	return slackapi.NewRichTextBlock(blockID, out...)
}

func richList(items []part) slackapi.RichTextElement {
	kind := slackapi.RTEListBullet
	if items[0].ordered {
		kind = slackapi.RTEListOrdered
	}
	sections := make([]slackapi.RichTextElement, 0, len(items))
	for _, it := range items {
		sections = append(sections, slackapi.NewRichTextSection(richRuns(it.runs)...))
	}
	list := slackapi.NewRichTextList(kind, items[0].indent, sections...)
	if items[0].ordered && items[0].number > 1 {
		list.Offset = items[0].number - 1
	}
	return list
}

func richRuns(runs []run) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	for _, r := range merge(runs) {
		var st *slackapi.RichTextSectionTextStyle
		if r.st != (style{}) {
			st = &slackapi.RichTextSectionTextStyle{Bold: r.st.Bold, Italic: r.st.Italic, Strike: r.st.Strike, Code: r.st.Code}
		}
		if r.url != "" {
			label := r.text
			if label == r.url {
				label = ""
			}
			out = append(out, slackapi.NewRichTextSectionLinkElement(r.url, label, st))
			continue
		}
		out = append(out, slackapi.NewRichTextSectionTextElement(r.text, st))
	}
	return out
}

// merge joins neighbours of the same formatting.
func merge(runs []run) []run {
	var out []run
	for i := 0; i < len(runs); {
		first, text := runs[i], strings.Builder{}
		for ; i < len(runs) && runs[i].url == first.url && runs[i].st == first.st; i++ {
			text.WriteString(runs[i].text)
		}
		first.text = text.String()
		out = append(out, first)
	}
	return out
}

// plainParts gives the characters of a page, for notifications.
func plainParts(page []part) string {
	var b strings.Builder
	for i, p := range page {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, r := range p.runs {
			b.WriteString(r.text)
		}
	}
	return b.String()
}
