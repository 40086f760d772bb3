package message

import (
	"bytes"
	"strings"
)

// blockWriter writes Markdown line by line. It adds the prefixes of the quotes and list items around each line, and the
// empty lines between blocks. For example, a list item inside a quote becomes
//
//	> - first line
//	>   second line
type blockWriter struct {
	out           strings.Builder
	boxes         []box  // the open quotes and list items, outermost first
	boxesWithLine int    // how many of boxes, counted from the outermost, have a line already
	margin        []byte // the prefix of further lines inside the first boxesWithLine boxes, such as ">   "
	due           gap    // the gap to write before the next line
	linesWritten  int
}

// box is a quote or a list item, which gives all its lines a prefix: "> " in a quote; "- " on the first line of an item
// and spaces of the same width on the following lines.
type box struct {
	list *list // the list of an item; nil for a quote
	end  int   // the length of blockWriter.margin up to and including this box
}

func (b box) isItem() bool { return b.list != nil }

func (b box) isQuote() bool { return b.list == nil }

// gap is the space between two lines, in newline characters.
type gap int

const (
	newLine   gap = 1
	emptyLine gap = 2
)

// wantGap requests at least this gap before the next line. It has no effect at the beginning of a box.
func (w *blockWriter) wantGap(minimum gap) {
	if len(w.boxes) == w.boxesWithLine {
		w.due = max(w.due, minimum)
	}
}

// beginLine ends the previous line and writes the prefix of the next one.
func (w *blockWriter) beginLine() {
	if w.linesWritten > 0 {
		if w.due == emptyLine {
			w.out.WriteByte('\n')
			w.out.Write(bytes.TrimRight(w.marginOf(w.boxesWithLine), " "))
		}
		w.out.WriteByte('\n')
	}
	w.writeMarks()
	w.linesWritten++
	w.due = 0
	w.boxesWithLine = len(w.boxes)
}

// writeRawLine writes a line without escaping it.
func (w *blockWriter) writeRawLine(text string) {
	w.beginLine()
	w.out.WriteString(text)
	w.wantGap(newLine)
}

// writeMarks writes the prefix of a line: the margin of boxes that already have a line, then the marks of boxes that
// begin with this line.
func (w *blockWriter) writeMarks() {
	w.out.Write(w.margin)
	for i := w.boxesWithLine; i < len(w.boxes); i++ {
		box := &w.boxes[i]
		if box.isQuote() {
			w.out.WriteString("> ")
			w.margin = append(w.margin, "> "...)
		} else {
			mark := box.list.nextMark()
			w.out.WriteString(mark)
			w.margin = append(w.margin, strings.Repeat(" ", len(mark))...)
		}
		box.end = len(w.margin)
	}
}

// marginOf returns the margin of the outermost n boxes. A line must have been written in each of them.
func (w *blockWriter) marginOf(n int) []byte {
	if n == 0 {
		return nil
	}
	return w.margin[:w.boxes[n-1].end]
}

// countBoxes returns how many open boxes are of one kind: box.isItem or box.isQuote.
func (w *blockWriter) countBoxes(isOfKind func(box) bool) int {
	n := 0
	for _, b := range w.boxes {
		if isOfKind(b) {
			n++
		}
	}
	return n
}

// openBox opens a box around the lines that follow.
func (w *blockWriter) openBox(b box) { w.boxes = append(w.boxes, b) }

// closeBox closes the innermost box.
func (w *blockWriter) closeBox() {
	w.boxes = w.boxes[:len(w.boxes)-1]
	w.boxesWithLine = min(w.boxesWithLine, len(w.boxes)) // unchanged if the box had no line
	w.margin = w.marginOf(w.boxesWithLine)
}
