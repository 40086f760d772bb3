package markdown

import "strings"

// raw appends Markdown that is not escaped; line breaks get the prefix.
func (w *Writer) raw(md string) {
	if md == "" {
		return
	}
	w.begin()
	line := md
	if at := strings.LastIndexByte(md, '\n'); at >= 0 {
		line, w.inked = md[at+1:], false
	}
	w.inked = w.inked || strings.TrimLeft(line, " ") != ""
	if w.prefix != "" {
		md = strings.ReplaceAll(md, "\n", "\n"+w.prefix)
	}
	w.md.WriteString(md)
}

// begin writes the marks of a line.
func (w *Writer) begin() {
	if w.fresh {
		w.md.WriteString(w.lead)
	}
	w.lead, w.fresh, w.apart = "", false, false
}

// BreakLine ends a line of both forms unless they are at the start of one.
func (w *Writer) BreakLine() {
	w.inked = false
	if w.plain.Len() > 0 && !strings.HasSuffix(w.plain.String(), "\n") {
		w.plain.WriteByte('\n')
	}
	if w.fresh {
		return
	}
	if w.md.Len() > 0 && !strings.HasSuffix(w.md.String(), "\n") {
		w.md.WriteByte('\n')
	}
	w.fresh, w.lead = true, w.prefix
}

// Paragraph leaves an empty line in Markdown, so that blocks don't run together.
func (w *Writer) Paragraph() {
	w.BreakLine()
	if w.md.Len() == 0 || w.apart || w.lead != w.prefix || strings.HasSuffix(w.md.String(), "\n\n") {
		return
	}
	w.md.WriteString(strings.TrimRight(w.prefix, " ") + "\n")
	w.apart = true
}

// Newline breaks the line of both forms.
func (w *Writer) Newline() {
	w.raw("\n")
	w.plain.WriteByte('\n')
}

// Prefixed writes with a mark before each line.
func (w *Writer) Prefixed(mark string, write func()) { w.marked(mark, mark, write) }

// Item writes an entry of a list, nested in so many others.
func (w *Writer) Item(indent int, mark string, write func()) {
	space := strings.Repeat("    ", min(max(indent, 0), 8))
	w.marked(space+mark, space+strings.Repeat(" ", len(mark)), write)
}

// marked writes with a mark before the first line, and another before the others.
func (w *Writer) marked(first, others string, write func()) {
	w.BreakLine()
	old := w.prefix
	w.lead += first
	w.prefix = old + others
	write()
	if w.fresh && w.lead != w.prefix {
		w.begin() // nothing was written: the mark shows
	}
	if w.fresh {
		w.lead = old
	}
	w.prefix = old
}

// Rule draws a line across.
func (w *Writer) Rule() {
	w.Paragraph()
	w.raw("---")
	w.plain.WriteString("---")
	w.Paragraph()
}

// Table writes rows of literal cells; the first is its head.
func (w *Writer) Table(rows [][]string) {
	w.Paragraph()
	for i, cells := range rows {
		w.BreakLine()
		line := "|"
		for _, c := range cells {
			c = strings.Join(strings.Fields(c), " ")
			line += " " + strings.ReplaceAll(w.escape(c), "|", `\|`) + " |"
		}
		w.raw(line)
		w.plain.WriteString(strings.Join(cells, " | "))
		if i == 0 {
			w.BreakLine()
			w.raw("|" + strings.Repeat(" - |", len(cells)))
		}
	}
	w.Paragraph()
}
