package markdown

import (
	"bytes"
	"strings"
)

// A Writer builds two forms of a text, Markdown and plain. This file begins and ends lines in both. In the
// Markdown form, each line starts with the prefix of the quotations and list items that contain it. Example:
// in an item of a list in a quotation, the first line starts with ">·-·" and the following ones with ">···"
// (· is a space).

// maxNesting is the maximum depth of nested list items. Chats show no deeper ones.
const maxNesting = 8

// writeMarkdown appends Markdown without escaping it. It inserts linePrefix after each line break.
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

// writePendingMarks writes the prefix of the current line, if that has not been written.
func (w *Writer) writePendingMarks() {
	if w.atLineStart {
		w.md.WriteString(w.pendingMarks)
	}
	w.pendingMarks = ""
	w.atLineStart = false
	w.afterEmptyLine = false
}

// BreakLine ends the line in both forms. A form that is at the start of a line stays there.
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

// Paragraph ends the line and adds an empty one to the Markdown form, which separates blocks.
func (w *Writer) Paragraph() {
	w.openItems = nil
	w.BreakLine()
	if w.needsEmptyLine() {
		w.md.WriteString(strings.TrimRight(w.linePrefix, " ") + "\n")
		w.afterEmptyLine = true
	}
}

// needsEmptyLine reports whether a block that begins here has to be separated by an empty line.
func (w *Writer) needsEmptyLine() bool {
	if w.md.Len() == 0 || w.isFirstMarkPending() {
		return false
	}
	return !w.afterEmptyLine && !bytes.HasSuffix(w.md.Bytes(), []byte("\n\n"))
}

// isFirstMarkPending reports whether the line will begin with the mark of a list item that has no text yet.
// The first line of an item has a different prefix from the others ("- " and two spaces), and no empty line
// precedes it.
func (w *Writer) isFirstMarkPending() bool { return w.atLineStart && w.pendingMarks != w.linePrefix }

// Newline breaks the line in both forms, even where that leaves an empty line.
func (w *Writer) Newline() {
	w.writeMarkdown(w.escape("\n"))
	w.plain.WriteByte('\n')
}

// Prefixed calls write, which writes to w, and begins each of its lines with mark.
func (w *Writer) Prefixed(mark string, write func()) { w.writeMarked(mark, mark, write) }

// Item calls write, which writes the text of a list item to w. indent is how many lists contain the item's
// list. Enclosing lists without an item before this one are ignored, because Markdown would take an item that
// is indented without a parent for code.
func (w *Writer) Item(indent int, mark string, write func()) {
	open := w.openItems
	for len(open) > 0 && open[len(open)-1] >= indent {
		open = open[:len(open)-1]
	}
	space := strings.Repeat("    ", min(len(open), maxNesting))
	w.writeMarked(space+mark, space+strings.Repeat(" ", len(mark)), write)
	w.openItems = append(open, indent)
}

// writeMarked calls write. Its first line begins with first, and the following ones with others.
func (w *Writer) writeMarked(first, others string, write func()) {
	w.BreakLine()
	outerPrefix := w.linePrefix
	w.pendingMarks += first
	w.linePrefix = outerPrefix + others
	write()
	if w.isFirstMarkPending() {
		w.writePendingMarks() // nothing was written: an empty item still shows its mark
	}
	w.linePrefix = outerPrefix
	if w.atLineStart { // the new line is outside of the marked block
		w.pendingMarks = outerPrefix
	}
}

// Rule writes a thematic break.
func (w *Writer) Rule() {
	w.Paragraph()
	w.writeMarkdown("---")
	w.plain.WriteString("---")
	w.Paragraph()
}

// Table writes a table of unformatted cells. The first row is the header.
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
