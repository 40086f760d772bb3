package blockkit

import (
	"strings"
	"unicode/utf8"

	"parley/channels/markdown"
)

// This file splits a long text into pages, each of which fits into one Slack message. A text is a list of parts, such
// as paragraphs and list items. A part has runs, which are stretches of text with one style.
//
// Slack limits a block by the length of its JSON: it refuses more than about 13,100 characters, as we measured. So a
// page has a limit of visible characters and a limit of cost, which is an estimate of the JSON's length.

// Limits of a page, and the costs.
const (
	pageRunes   = MaxTextRunes // visible characters
	pageCost    = 9500
	pageParts   = 200
	runCost     = 70 // a run without its text
	partCost    = 90 // a part without its runs
	escapedCost = 6  // a character that JSON escapes by its number, as \u003c
	minRoom     = 20 // a page with room for fewer characters is full, so that it doesn't end with a stray word
)

// costOf estimates the length of a text in JSON.
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

// splitPages splits a text into pages. Nothing is lost, and the result depends on nothing but the parts, so that a
// retry posts the same pages.
func splitPages(parts []markdown.Part) [][]markdown.Part {
	pg := &pager{}
	for _, p := range parts {
		pg.addPart(p)
	}
	pg.finishPage()
	return pg.pages
}

// pager fills one page after the other.
type pager struct {
	pages [][]markdown.Part // the finished pages
	page  []markdown.Part   // the current page
	runes int               // of page
	cost  int               // of page
}

// finishPage finishes the current page and begins an empty one.
func (pg *pager) finishPage() {
	if len(pg.page) > 0 {
		pg.pages = append(pg.pages, pg.page)
	}
	pg.page = nil
	pg.runes = 0
	pg.cost = 0
}

// addPart adds a part. If it doesn't fit on the current page, a small part is moved to the next page as a whole, and a
// large one is split.
func (pg *pager) addPart(p markdown.Part) {
	runes, cost := sizeOfPart(p)
	fits := pg.runes+runes <= pageRunes && pg.cost+cost <= pageCost
	isSmall := runes <= pageRunes/2 && cost <= pageCost/2
	isFull := len(pg.page) >= pageParts
	if isFull || (!fits && isSmall) {
		pg.finishPage()
	}
	pg.addRuns(p)
}

// addRuns adds the runs of a part, and splits the part wherever a page is full.
func (pg *pager) addRuns(p markdown.Part) {
	begun := p // the portion of p on the current page
	begun.Runs = nil

	pg.cost += partCost
	for _, r := range p.Runs {
		linkFits := partCost+frameCostOf(r)+minRoom <= pageCost // on an empty page
		if !linkFits {
			r.Text, r.URL = r.Spelled(), ""
		}
		frameCost := frameCostOf(r)
		for r.Text != "" {
			room := min(pageRunes-pg.runes, pageCost-pg.cost-frameCost)
			piece := cutToRoom(r.Text, room)
			isFull := room < minRoom || piece == ""
			if isFull {
				pg.flush(&begun)
				pg.finishPage()
				pg.cost += partCost // the part continues on the new page
				continue
			}

			begun.Runs = append(begun.Runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
			pg.runes += utf8.RuneCountInString(piece)
			pg.cost += costOf(piece) + frameCost
			r.Text = r.Text[len(piece):]
		}
	}

	pg.flush(&begun)
}

// flush moves the collected portion of a part to the current page.
func (pg *pager) flush(begun *markdown.Part) {
	if len(begun.Runs) > 0 {
		pg.page = append(pg.page, *begun)
		begun.Runs = nil
	}
}

// sizeOfPart returns the visible characters and the cost of a part.
func sizeOfPart(p markdown.Part) (runes, cost int) {
	cost = partCost
	for _, r := range p.Runs {
		runes += utf8.RuneCountInString(r.Text)
		cost += costOf(r.Text) + frameCostOf(r)
	}
	return runes, cost
}

// frameCostOf returns the cost of a run without its text.
func frameCostOf(r markdown.Run) int { return runCost + costOf(r.URL) }

// cutToRoom returns a prefix of s of which neither the characters nor the cost exceed room.
func cutToRoom(s string, room int) string {
	piece := cutAt(s, room)
	if room > 0 && costOf(piece) > room {
		return cutAt(piece, room/escapedCost) // short enough even if every character is escaped
	}
	return piece
}

// cutAt returns a prefix of s of at most maxRunes. It prefers to end after a line, or else after a word.
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
