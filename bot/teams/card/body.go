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

// row is one line of a longer text, such as a customer's message. Cards and text messages are drawn row by row.
type row struct {
	runs  []markdown.Run
	frame frame
	gap   bool // the row begins a paragraph
}

// measure says how rows are made.
type measure struct {
	maxCost    int            // of one row
	cost       func(rune) int // of one character
	spellLinks bool           // write out the addresses of links, because links can't be opened there
}

// cutIntoRows cuts Markdown into rows. quoted means that all of it is a quotation. Nothing is lost: a line that costs too much
// goes on in the next row.
func cutIntoRows(md string, quoted bool, m measure) []row {
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
		if m.spellLinks {
			p.Runs = spellLinks(p.Runs)
		}

		out = append(out, m.spreadRuns(first, p.Runs)...)
		last = p
	}

	return out
}

// spellLinks writes the address of each link behind its words, unless the words are the address.
func spellLinks(runs []markdown.Run) []markdown.Run {
	var out []markdown.Run
	runs = markdown.Merge(runs)
	for i, r := range runs {
		address := r.URL
		r.URL = ""
		out = append(out, r)
		linkGoesOn := i+1 < len(runs) && runs[i+1].URL == address
		if address == "" || linkGoesOn {
			continue
		}

		short := strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
		words := strings.TrimSpace(r.Text)
		if words != address && words != short {
			out = append(out, markdown.Run{Text: " (" + short + ")"})
		}
	}

	return out
}

// maxIndent bounds how far nested lists are indented, since phones are narrow.
const maxIndent = 8

// itemMark returns the bullet or number of a list item. It is text, because phones show no lists.
func itemMark(p markdown.Part) string {
	mark := "•"
	if p.Ordered {
		mark = strconv.Itoa(p.Number) + "."
	}
	return strings.Repeat("\u00a0\u00a0\u00a0\u00a0", min(max(p.Indent, 0), maxIndent)) + mark + "\u00a0"
}

// spreadRuns spreads runs over as many rows as they need. The first one is first, and the others have its frame.
func (m measure) spreadRuns(first row, runs []markdown.Run) []row {
	out := []row{first}
	left := m.maxCost
	beginRow := func() {
		out = append(out, row{frame: first.frame})
		left = m.maxCost
	}
	for _, r := range markdown.Merge(runs) {
		for i, line := range strings.Split(r.Text, "\n") {
			if i > 0 {
				beginRow()
			}

			for line != "" {
				piece := cutToCost(line, left, m.cost)
				spent := m.totalCost(piece)
				last := &out[len(out)-1]
				if spent > left && len(last.runs) > 0 { // not even the first character fits
					beginRow()
					continue
				}
				last.runs = append(last.runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
				line = line[len(piece):]
				left -= spent
			}
		}
	}

	return out
}

func (m measure) totalCost(s string) int {
	n := 0
	for _, r := range s {
		n += m.cost(r)
	}
	return n
}
