package markdown

import (
	"strings"
	"unicode"
)

// Runs appends runs that stand beside each other. Formatting that Markdown can't express where it stands
// (bold within a word beside a quotation mark) is left out of all of them: the words count. Code holds no link, so that a
// link whose words don't say its address is no code.
func (w *Writer) Runs(runs []Run) {
	runs = Merge(runs)
	for i, r := range runs {
		runs[i].Style.Code = r.Style.Code && r.Spelled() == r.Text
	}
	if !w.survives(runs) {
		for i := range runs {
			runs[i].Style = Style{}
		}
	}
	w.write(runs)
}

func (w *Writer) write(runs []Run) {
	for _, r := range runs {
		if r.URL != "" {
			w.Link(r.URL, r.Text, r.Style)
		} else {
			w.Styled(r.Text, r.Style)
		}
	}
}

// survives tells whether runs are read again as they are.
func (w *Writer) survives(runs []Run) bool {
	styled := false
	for _, r := range runs {
		styled = styled || r.Style != Style{}
	}
	if !styled {
		return true
	}
	inner := w.Inner()
	inner.write(runs)
	var read []Run
	for _, p := range Parts(inner.md.String()) {
		read = append(read, p.Runs...)
	}
	return looks(read) == looks(runs)
}

// looks writes down each visible character with its formatting.
func looks(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		mark := 'a'
		for i, on := range [...]bool{r.Style.Bold, r.Style.Italic, r.Style.Strike, r.Style.Code} {
			if on {
				mark += 1 << i
			}
		}
		if r.Text == "" {
			r.Text = bare(r.URL)
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
