package card

import (
	"strconv"
	"strings"

	"parley/channels/markdown"
)

// frame is what is drawn around rows.
type frame string

// Frames.
const (
	frameNone  frame = ""
	frameQuote frame = "quote"
	frameCode  frame = "code"
)

// row is one line of a longer text.
type row struct {
	runs  []markdown.Run
	frame frame
	gap   bool // the row begins a paragraph
}

// measure says how rows are made: how much one row may cost, how much a character costs, and whether
// the addresses of links are written out because links can't be followed there.
type measure struct {
	most  int
	cost  func(rune) int
	spell bool
}

// rows cuts canonical Markdown into lines. Nothing is lost: a line that costs too much
// goes on in the next.
func rows(md string, quoted bool, m measure) []row {
	var out []row
	last := markdown.Part{}
	for _, p := range markdown.Parts(strings.ToValidUTF8(md, "\ufffd")) {
		first := row{frame: frameNone, gap: p.Kind != markdown.Item || last.Kind != markdown.Item}
		switch {
		case p.Kind == markdown.Code:
			first.frame = frameCode
		case p.Kind == markdown.Quote || quoted:
			first.frame = frameQuote
		}
		if p.Kind == markdown.Item {
			p.Runs = append([]markdown.Run{{Text: itemMark(p)}}, p.Runs...)
		}
		if m.spell {
			p.Runs = spelled(p.Runs)
		}
		out = append(out, m.lines(first, p.Runs)...)
		last = p
	}
	return out
}

// spelled writes the address of each link behind its words, unless the words show the address already.
func spelled(runs []markdown.Run) []markdown.Run {
	var out []markdown.Run
	runs = markdown.Merge(runs)
	for i, r := range runs {
		address := r.URL
		r.URL = ""
		out = append(out, r)
		if address == "" || i+1 < len(runs) && runs[i+1].URL == address {
			continue
		}
		short := strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
		if words := strings.TrimSpace(r.Text); words != address && words != short {
			out = append(out, markdown.Run{Text: " (" + short + ")"})
		}
	}
	return out
}

// itemMark is the text before a list item, since clients on phones show no lists.
func itemMark(p markdown.Part) string {
	mark := "•"
	if p.Ordered {
		mark = strconv.Itoa(p.Number) + "."
	}
	return strings.Repeat("\u00a0\u00a0\u00a0\u00a0", min(max(p.Indent, 0), 8)) + mark + "\u00a0"
}

// lines spreads runs over as many rows as they need; the rows have the frame of first.
func (m measure) lines(first row, runs []markdown.Run) []row {
	out := []row{first}
	left := m.most
	next := func() {
		out = append(out, row{frame: first.frame})
		left = m.most
	}
	for _, r := range markdown.Merge(runs) {
		for i, line := range strings.Split(r.Text, "\n") {
			if i > 0 {
				next()
			}
			for line != "" {
				piece := cutCost(line, left, m.cost)
				spent := m.total(piece)
				if spent > left && len(out[len(out)-1].runs) > 0 {
					next() // not even its first character fits
					continue
				}
				at := &out[len(out)-1]
				at.runs = append(at.runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
				line, left = line[len(piece):], left-spent
			}
		}
	}
	return out
}

func (m measure) total(s string) int {
	n := 0
	for _, r := range s {
		n += m.cost(r)
	}
	return n
}
