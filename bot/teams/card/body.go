package card

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"parley/channels/markdown"
)

// Teams limits the size of a card or text message, and phones show no lists or nested quotes in it. So a longer text,
// such as a customer's message in Markdown, is cut into rows, each one line with at most one frame around it. Cards
// (render.go) and text messages (message.go) then draw row by row:
//
//	Hello *Ann*     {runs: "Hello ", italic "Ann"}
//	> it broke      {runs: "it broke", frame: quote}
//	- when?         {runs: "• when?"}

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
	runs  []markdown.Run // pieces of the line, each with one style
	frame frame
	gap   bool // the row begins a paragraph
}

// measure limits the rows of one kind of message. A cost is a size in bytes, as that kind encodes a text.
type measure struct {
	maxCost    int            // of one row
	cost       func(rune) int // of one character
	spellLinks bool           // write out the addresses of links, because the message can't contain links
}

// cutIntoRows cuts Markdown into rows. quoted means that all of it is a quotation. Nothing is lost: a line that costs
// too much, with the addresses of its links, continues in the next row.
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

// spellLinks writes the address of each link after its words, unless the words are the address.
func spellLinks(runs []markdown.Run) []markdown.Run {
	var out []markdown.Run
	runs = markdown.Merge(runs)
	for i, r := range runs {
		address := r.URL
		r.URL = ""
		out = append(out, r)
		continuesInNext := i+1 < len(runs) && runs[i+1].URL == address
		if address == "" || continuesInNext {
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

// maxIndent bounds the indentation of nested lists, because phones are narrow.
const maxIndent = 8

// itemMark returns the bullet or number of a list item as text, because phones show no lists.
func itemMark(p markdown.Part) string {
	return strings.Repeat("\u00a0\u00a0\u00a0\u00a0", min(max(p.Indent, 0), maxIndent)) + p.Bullet() + "\u00a0"
}

// spreadRuns spreads runs over as many rows as they need, beginning with the empty row first. All have its frame.
func (m measure) spreadRuns(first row, runs []markdown.Run) []row {
	out := []row{first}
	remaining := m.maxCost // of the last row
	beginRow := func() {
		out = append(out, row{frame: first.frame})
		remaining = m.maxCost
	}
	for _, r := range markdown.Merge(runs) {
		for i, line := range strings.Split(r.Text, "\n") {
			if i > 0 {
				beginRow()
			}

			for line != "" {
				last := &out[len(out)-1]
				isEmpty := len(last.runs) == 0
				room := remaining - m.totalCost(r.URL)
				if isEmpty {
					room = max(room, m.maxCost/2) // the words of an address that takes all of a row
				}

				piece := cutToCost(line, room, m.cost)
				spent := m.totalCost(piece) + m.totalCost(r.URL)
				isCutLink := r.URL != "" && piece != line
				if !isEmpty && (isCutLink || spent > remaining) { // it fits into the next row
					beginRow()
					continue
				}
				last.runs = append(last.runs, markdown.Run{Text: piece, URL: r.URL, Style: r.Style})
				line = line[len(piece):]
				remaining -= spent
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

// The size of a character in JSON, in bytes of UTF-16. Teams limits the size of messages in this unit.
const (
	unitBytes    = 2             // most characters are one unit of UTF-16
	pairBytes    = 2 * unitBytes // a surrogate pair, or a character with a backslash before it
	escapedBytes = 6 * unitBytes // such as "\u003c" for "<"
)

// maxOneUnit is the last character that is one unit of UTF-16. Higher ones are surrogate pairs.
const maxOneUnit = 0xffff

// utf16Size returns the size of s in bytes of UTF-16.
func utf16Size(s string) int {
	return unitBytes * len(utf16.Encode([]rune(s)))
}

// cutToCost returns the longest beginning of s whose runes cost at most maxCost together, but at least one rune. It
// prefers to cut after a space in the second half, and otherwise cuts between two characters (see markdown.CutAt).
func cutToCost(s string, maxCost int, cost func(rune) int) string {
	spent, end := 0, 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		spent += cost(r)
		if spent > maxCost && end > 0 {
			break
		}

		end += size
	}

	if end >= len(s) {
		return s
	}

	head := s[:end]
	if space := strings.LastIndexByte(head, ' '); space > len(head)/2 {
		return head[:space+1]
	}
	return markdown.CutAt(s, end)
}
