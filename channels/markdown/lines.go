package markdown

import (
	"bytes"
	"strings"
)

// This file begins and ends lines. A Writer keeps two forms of a text, Markdown and plain. In the Markdown
// form each line begins with the marks of the quotations and list items in which it stands.

// maxNesting is how deep a list item is indented: chats show no deeper ones.
const maxNesting = 8

// writeMarkdown appends Markdown as it is, without escaping it. Lines that begin in it get linePrefix.
func (w *Writer) writeMarkdown(md string) {
	if md == "" {
		return
	}

	w.writePendingMarks()
	lastLine := md
	if end := strings.LastIndexByte(md, '\n'); end >= 0 {
		lastLine = md[end+1:]
		w.lineHasText = false
	}
	if strings.TrimLeft(lastLine, " ") != "" {
		w.lineHasText = true
	}
	if w.linePrefix != "" {
		md = strings.ReplaceAll(md, "\n", "\n"+w.linePrefix)
	}

	w.md.WriteString(md)
}

// writePendingMarks writes the marks of a line that begins.
func (w *Writer) writePendingMarks() {
	if w.atLineStart {
		w.md.WriteString(w.pendingMarks)
	}
	w.pendingMarks = ""
	w.atLineStart = false
	w.afterEmptyLine = false
}

// BreakLine ends the line in the Markdown and in the plain form, unless that form is at the start of a line already.
func (w *Writer) BreakLine() {
	w.lineHasText, w.indentation = false, 0
	if w.plain.Len() > 0 && !strings.HasSuffix(w.plain.String(), "\n") {
		w.plain.WriteByte('\n')
	}
	if w.atLineStart {
		return
	}
	if w.md.Len() > 0 && !bytes.HasSuffix(w.md.Bytes(), []byte("\n")) {
		w.md.WriteByte('\n')
	}
	w.atLineStart = true
	w.pendingMarks = w.linePrefix
}

// Paragraph ends the line and leaves an empty line in the Markdown form, so that blocks don't run together.
func (w *Writer) Paragraph() {
	w.openItems = nil
	w.BreakLine()
	if w.needsEmptyLine() {
		w.md.WriteString(strings.TrimRight(w.linePrefix, " ") + "\n")
		w.afterEmptyLine = true
	}
}

// needsEmptyLine reports whether an empty line has to be written before a block that begins at this line.
func (w *Writer) needsEmptyLine() bool {
	if w.md.Len() == 0 || w.isFirstMarkPending() {
		return false
	}
	return !w.afterEmptyLine && !bytes.HasSuffix(w.md.Bytes(), []byte("\n\n"))
}

// isFirstMarkPending reports whether the line will show the mark of a list item that has no text yet. The first line of
// an item has another mark than the lines that follow ("- " and two spaces). No empty line comes before it.
func (w *Writer) isFirstMarkPending() bool { return w.atLineStart && w.pendingMarks != w.linePrefix }

// Newline breaks the line of both forms, also where this leaves an empty line.
func (w *Writer) Newline() {
	w.writeMarkdown(w.escape("\n"))
	w.plain.WriteByte('\n')
}

// Prefixed runs write, which writes to w, and puts mark before each of its lines.
func (w *Writer) Prefixed(mark string, write func()) { w.writeMarked(mark, mark, write) }

// Item runs write, which writes the words of a list item to w. indent is how many lists contain the item's list. Lists without an item
// don't count, because Markdown takes an item that is indented without one above it for code.
func (w *Writer) Item(indent int, mark string, write func()) {
	open := w.openItems
	for len(open) > 0 && open[len(open)-1] >= indent {
		open = open[:len(open)-1]
	}
	space := strings.Repeat("    ", min(len(open), maxNesting))
	w.writeMarked(space+mark, space+strings.Repeat(" ", len(mark)), write)
	w.openItems = append(open, indent)
}

// writeMarked runs write with the mark first before its first line, and others before the lines that follow.
func (w *Writer) writeMarked(first, others string, write func()) {
	w.BreakLine()
	outerPrefix := w.linePrefix
	w.pendingMarks += first
	w.linePrefix = outerPrefix + others
	write()
	if w.isFirstMarkPending() {
		w.writePendingMarks() // write wrote nothing: an empty item still shows its mark
	}
	w.linePrefix = outerPrefix
	if w.atLineStart { // the line that begins stands outside of what was marked
		w.pendingMarks = outerPrefix
	}
}

// Rule draws a line across.
func (w *Writer) Rule() {
	w.Paragraph()
	w.writeMarkdown("---")
	w.plain.WriteString("---")
	w.Paragraph()
}

// Table writes rows of cells without formatting. The first row is the table's head.
func (w *Writer) Table(rows [][]string) {
	w.Paragraph()
	for i, cells := range rows {
		w.BreakLine()
		line := "|"
		for _, cell := range cells {
			cell = strings.Join(strings.Fields(cell), " ")
			line += " " + strings.ReplaceAll(w.escape(cell), "|", `\|`) + " |"
		}

		w.writeMarkdown(line)
		w.plain.WriteString(strings.Join(cells, " | "))

		if i == 0 {
			w.BreakLine()
			w.writeMarkdown("|" + strings.Repeat(" - |", len(cells)))
		}
	}

	w.Paragraph()
}
