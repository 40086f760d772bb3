package markdown

import (
	"slices"
	"strings"
	"unicode"
)

// Runs appends adjacent runs. Markdown can't express some formatting, such as bold within a word next to a
// quotation mark. In that case all these runs lose their formatting, because the text matters more. Code
// can't contain a link, so a link whose text doesn't show its address is not written as code.
func (w *Writer) Runs(runs []Run) {
	runs = Merge(runs)
	for i, r := range runs {
		runs[i].Style.Code = r.Style.Code && r.Spelled() == r.Text
	}
	if !w.canExpress(runs) {
		for i := range runs {
			runs[i].Style = Style{}
		}
	}
	w.writeRuns(runs)
}

func (w *Writer) writeRuns(runs []Run) {
	for _, r := range runs {
		if r.URL != "" {
			w.Link(r.URL, r.Text, r.Style)
		} else {
			w.Styled(r.Text, r.Style)
		}
	}
}

// canExpress reports whether the Markdown of these runs is parsed with the same formatting.
func (w *Writer) canExpress(runs []Run) bool {
	if !slices.ContainsFunc(runs, func(r Run) bool { return r.Style != Style{} }) {
		return true
	}
	inner := w.Inner()
	inner.writeRuns(runs)
	var read []Run
	for _, p := range Parts(inner.md.String()) {
		read = append(read, p.Runs...)
	}
	return visibleFormat(read) == visibleFormat(runs)
}

// visibleFormat returns each visible character of runs followed by a letter for its formatting, for
// comparison. For example, a bold "Hi" is "Hbib", with b for bold.
func visibleFormat(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		mark := 'a'
		for bit, isOn := range [...]bool{r.Style.Bold, r.Style.Italic, r.Style.Strike, r.Style.Code} {
			if isOn {
				mark += 1 << bit
			}
		}

		if r.Text == "" {
			r.Text = ShownAddress(r.URL)
		}

		for _, c := range r.Text {
			if !unicode.IsSpace(c) {
				b.WriteRune(c)
				b.WriteRune(mark)
			}
		}
	}

	return b.String()
}
