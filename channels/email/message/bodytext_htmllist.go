package message

import (
	"strconv"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// This file writes the quotes and lists of a mail's HTML as Markdown. Both are boxes, which give each of their lines a
// prefix ("> " or "- "; see htmlbox.go). Nesting is limited: deeper quotes and lists are written as plain lines.

// maxListDepth is how deep lists may be nested.
const maxListDepth = 8

// list is an open list.
type list struct {
	number int // of the next item; -1 for a list without numbers
}

// nextMark returns the mark of the list's next item: "- " or "3. ".
func (l *list) nextMark() string {
	if l.number < 0 {
		return "- "
	}
	l.number++
	return strconv.Itoa(l.number-1) + ". "
}

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
		const maxBits = 16 // larger numbers are ignored
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

// writeItem writes an item of the innermost list, or a plain line outside of lists and beyond maxListDepth.
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
	w.due = min(w.due, newLine) // no empty line between items
	w.wantGap(newLine)
}
