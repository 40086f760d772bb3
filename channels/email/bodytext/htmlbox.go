package bodytext

import (
	"bytes"
	"strings"
)

// blockWriter writes lines of Markdown, with the prefixes of the quotes and list items in which they stand, and the empty lines between
// them.
type blockWriter struct {
	out           strings.Builder
	boxes         []box  // the open quotes and list items, outermost first
	boxesWithLine int    // how many of boxes, from the outermost on, have a line already
	margin        []byte // the prefix of further lines in the first boxesWithLine boxes: see box
	due           gap    // what has to be written before the next line
	linesWritten  int
}

// box is a quote or a list item. All its lines begin with a prefix: "> " in a quote; "- " on the first
// line of an item, and spaces of that width on the following lines.
type box struct {
	list *list // the list of an item; nil for a quote
	end  int   // how long blockWriter.margin is with this box and those around it
}

func (b box) isItem() bool { return b.list != nil }

func (b box) isQuote() bool { return b.list == nil }

// gap is what stands between two lines.
type gap int

const (
	newLine   gap = 1
	emptyLine gap = 2 // and so two newlines
)

// wantGap asks for at least this gap before the next line, but not at the beginning of a box.
func (w *blockWriter) wantGap(atLeast gap) {
	if len(w.boxes) == w.boxesWithLine {
		w.due = max(w.due, atLeast)
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

// writeMarks writes the prefix of a line: the margin of boxes in which a line was written already,
// then the marks of boxes that begin with this line.
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

// countBoxes returns how many of the open boxes are of a kind: box.isItem or box.isQuote.
func (w *blockWriter) countBoxes(isOfKind func(box) bool) int {
	n := 0
	for _, b := range w.boxes {
		if isOfKind(b) {
			n++
		}
	}
	return n
}

// openBox puts a box around what comes next.
func (w *blockWriter) openBox(b box) { w.boxes = append(w.boxes, b) }

// closeBox ends the innermost box.
func (w *blockWriter) closeBox() {
	w.boxes = w.boxes[:len(w.boxes)-1]
	w.boxesWithLine = min(w.boxesWithLine, len(w.boxes)) // the box may have had no line
	w.margin = w.marginOf(w.boxesWithLine)
}
