package bodytext

import (
	"strconv"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxListDepth is how deep lists are shown inside each other.
const maxListDepth = 8

// box is a quote or a list item. All its lines begin with a prefix: "> " in a quote; "- " on the first
// line of an item, and spaces of that width on the following lines.
type box struct {
	list *list // the list of an item; nil means the box is a quote
	end  int   // len of the margin (markdownWriter.margin) of this box and those around it
}

// list is an open list. number is the number of its next item; -1 means the list has no numbers.
type list struct{ number int }

// writeMarks writes the prefix of a line: the margin of boxes in which a line was written already,
// then the marks of boxes that begin with this line.
func (w *markdownWriter) writeMarks() {
	w.out.Write(w.margin)
	for i := w.kept; i < len(w.boxes); i++ {
		box := &w.boxes[i]
		if box.list == nil {
			w.out.WriteString("> ")
			w.margin = append(w.margin, "> "...)
		} else {
			mark := box.list.next()
			w.out.WriteString(mark)
			w.margin = append(w.margin, "                "[:len(mark)]...)
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

// next returns the mark of the list's next item: "- " or "3. ".
func (l *list) next() string {
	if l.number < 0 {
		return "- "
	}
	l.number++
	return strconv.Itoa(l.number-1) + ". "
}

// enter puts a box around what comes next.
func (w *markdownWriter) enter(b box) {
	w.boxes = append(w.boxes, b)
}

// leave ends the innermost box.
func (w *markdownWriter) leave() {
	w.boxes = w.boxes[:len(w.boxes)-1]
	w.kept = min(w.kept, len(w.boxes))
	w.margin = w.marginOf(w.kept)
}

// quote writes a quote. Beyond maxQuoteDepth it writes plain lines.
func (w *markdownWriter) quote(n *html.Node) {
	if w.quotes == maxQuoteDepth {
		w.ownLines(n, 2)
		return
	}
	w.begin(2)
	w.enter(box{})
	w.quotes++
	w.children(n)
	w.endLine()
	w.quotes--
	w.leave()
	w.wantGap(2)
}

// list writes a list. Beyond maxListDepth it writes plain lines.
func (w *markdownWriter) list(n *html.Node) {
	if len(w.lists) == maxListDepth {
		w.deepLists++
		w.ownLines(n, 2)
		w.deepLists--
		return
	}
	l := &list{number: -1}
	if n.DataAtom == atom.Ol {
		l.number = 1
		if start, err := strconv.ParseUint(attr(n, "start"), 10, 16); err == nil {
			l.number = int(start)
		}
	}
	w.begin(2)
	w.lists = append(w.lists, l)
	w.children(n)
	w.lists = w.lists[:len(w.lists)-1]
	w.end(2)
}

// item writes an item of the innermost list. Outside of lists, and beyond maxListDepth, it writes a
// plain line.
func (w *markdownWriter) item(n *html.Node) {
	if len(w.lists) == 0 || w.deepLists > 0 || w.items == maxListDepth {
		w.ownLines(n, 1)
		return
	}
	w.begin(1)
	w.enter(box{list: w.lists[len(w.lists)-1]})
	w.items++
	w.children(n)
	w.endLine()
	w.items--
	w.leave()
	w.gap = min(w.gap, 1) // items follow each other closely
	w.wantGap(1)
}
