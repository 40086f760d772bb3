package bodytext

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxListDepth is how deep lists are shown inside each other.
const maxListDepth = 8

// box is a quote or a list item. All its lines begin with a prefix: "> " in a quote; "- " on the first
// line of an item, and spaces of that width on the following lines.
type box struct {
	list *list // the list of an item; nil for a quote
	end  int   // how long markdownWriter.margin is with this box and those around it
}

// list is an open list.
type list struct {
	number int // of the next item; -1 if the items have no numbers
}

// writeMarks writes the prefix of a line: the margin of boxes in which a line was written already,
// then the marks of boxes that begin with this line.
func (w *markdownWriter) writeMarks() {
	w.out.Write(w.margin)
	for i := w.boxesWithLine; i < len(w.boxes); i++ {
		box := &w.boxes[i]
		if box.list == nil {
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
func (w *markdownWriter) marginOf(n int) []byte {
	if n == 0 {
		return nil
	}
	return w.margin[:w.boxes[n-1].end]
}

// nextMark returns the mark of the list's next item: "- " or "3. ".
func (l *list) nextMark() string {
	if l.number < 0 {
		return "- "
	}
	l.number++
	return strconv.Itoa(l.number-1) + ". "
}

// openBox puts a box around what comes next.
func (w *markdownWriter) openBox(b box) { w.boxes = append(w.boxes, b) }

// closeBox ends the innermost box.
func (w *markdownWriter) closeBox() {
	w.boxes = w.boxes[:len(w.boxes)-1]
	w.boxesWithLine = min(w.boxesWithLine, len(w.boxes)) // the box may have had no line
	w.margin = w.marginOf(w.boxesWithLine)
}

// writeQuote writes a quote. Beyond maxQuoteDepth it writes plain lines.
func (w *markdownWriter) writeQuote(n *html.Node) {
	if w.openQuotes == maxQuoteDepth {
		w.writeOwnLines(n, 2)
		return
	}
	w.beginBlock(2)
	w.openBox(box{})
	w.openQuotes++
	w.writeChildren(n)
	w.endLine()
	w.openQuotes--
	w.closeBox()
	w.wantGap(2)
}

// writeList writes a list. Beyond maxListDepth it writes plain lines.
func (w *markdownWriter) writeList(n *html.Node) {
	if len(w.lists) == maxListDepth {
		w.deepLists++
		w.writeOwnLines(n, 2)
		w.deepLists--
		return
	}

	l := &list{number: -1}
	if n.DataAtom == atom.Ol {
		l.number = 1
		const maxBits = 16 // larger numbers are no list's
		if start, err := strconv.ParseUint(attributeOf(n, "start"), 10, maxBits); err == nil {
			l.number = int(start)
		}
	}

	w.beginBlock(2)
	w.lists = append(w.lists, l)
	w.writeChildren(n)
	w.lists = w.lists[:len(w.lists)-1]
	w.endBlock(2)
}

// writeItem writes an item of the innermost list. Outside of lists, and beyond maxListDepth, it writes a plain line.
func (w *markdownWriter) writeItem(n *html.Node) {
	isTooDeep := w.deepLists > 0 || w.openItems == maxListDepth
	if len(w.lists) == 0 || isTooDeep {
		w.writeOwnLines(n, 1)
		return
	}

	w.beginBlock(1)
	w.openBox(box{list: w.lists[len(w.lists)-1]})
	w.openItems++
	w.writeChildren(n)
	w.endLine()
	w.openItems--
	w.closeBox()
	w.gap = min(w.gap, 1) // items follow each other closely
	w.wantGap(1)
}
