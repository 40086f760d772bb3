package slack

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
)

// A page is what one message holds. Slack counts more than the text itself; these stay
// well below the limits that were measured.
const (
	pageRunes = maxTextRunes
	pageCost  = 8000 // runes, and runCost per run
	runCost   = 60
	pageParts = 40
)

// paginate cuts parts into pages, each of which fits one message. Nothing is lost, and the
// same parts give the same pages.
func paginate(parts []part) [][]part {
	var pages [][]part
	var page []part
	runes, cost := 0, 0
	end := func() {
		if len(page) > 0 {
			pages = append(pages, page)
			page, runes, cost = nil, 0, 0
		}
	}
	for _, p := range parts {
		if n, c := size(p); runes > 0 && n <= pageRunes/2 && (runes+n > pageRunes || cost+c > pageCost) || len(page) >= pageParts {
			end()
		}
		open := part{kind: p.kind, indent: p.indent, ordered: p.ordered, number: p.number}
		for _, r := range p.runs {
			for r.text != "" {
				room := min(pageRunes-runes, pageCost-cost-runCost)
				if room < 20 {
					if len(open.runs) > 0 {
						page = append(page, open)
						open.runs = nil
					}
					end()
					continue
				}
				piece := cutAt(r.text, room)
				open.runs = append(open.runs, run{text: piece, url: r.url, st: r.st})
				n := utf8.RuneCountInString(piece)
				runes, cost = runes+n, cost+n+runCost+len(r.url)
				r.text = r.text[len(piece):]
			}
		}
		if len(open.runs) > 0 {
			page = append(page, open)
		}
	}
	end()
	return pages
}

func size(p part) (runes, cost int) {
	for _, r := range p.runs {
		n := utf8.RuneCountInString(r.text)
		runes, cost = runes+n, cost+n+runCost+len(r.url)
	}
	return runes, cost
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
	for _, r := range runs {
		if n := len(out); n > 0 && out[n-1].url == r.url && out[n-1].st == r.st {
			out[n-1].text += r.text
			continue
		}
		out = append(out, r)
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
