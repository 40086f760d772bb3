package bodytext

import (
	"strconv"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxListDepth is how deep lists are shown inside each other.
const maxListDepth = 8

// list is an open list.
type list struct {
	number int // of the next item; -1 if the items have no numbers
}

// nextMark returns the mark of the list's next item: "- " or "3. ".
func (l *list) nextMark() string {
	if l.number < 0 {
		return "- "
	}
	l.number++
	return strconv.Itoa(l.number-1) + ". "
}

// writeQuote writes a quote. Beyond maxQuoteDepth it writes plain lines.
func (w *markdownWriter) writeQuote(n *html.Node) {
	if w.countBoxes(box.isQuote) == maxQuoteDepth {
		w.writeOwnLines(n, emptyLine)
		return
	}
	w.beginBlock(emptyLine)
	w.openBox(box{})
	w.writeChildren(n)
	w.endLine()
	w.closeBox()
	w.wantGap(emptyLine)
}

// writeList writes a list. Beyond maxListDepth it writes plain lines.
func (w *markdownWriter) writeList(n *html.Node) {
	if len(w.lists) == maxListDepth {
		w.deepLists++
		w.writeOwnLines(n, emptyLine)
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

	w.beginBlock(emptyLine)
	w.lists = append(w.lists, l)
	w.writeChildren(n)
	w.lists = w.lists[:len(w.lists)-1]
	w.endBlock(emptyLine)
}

// writeItem writes an item of the innermost list. Outside of lists, and beyond maxListDepth, it writes a plain line.
func (w *markdownWriter) writeItem(n *html.Node) {
	isTooDeep := w.deepLists > 0 || w.countBoxes(box.isItem) == maxListDepth
	if len(w.lists) == 0 || isTooDeep {
		w.writeOwnLines(n, newLine)
		return
	}

	w.beginBlock(newLine)
	w.openBox(box{list: w.lists[len(w.lists)-1]})
	w.writeChildren(n)
	w.endLine()
	w.closeBox()
	w.due = min(w.due, newLine) // items follow each other closely
	w.wantGap(newLine)
}
