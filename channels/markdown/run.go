package markdown

import "strings"

// Merge joins neighbours of the same formatting.
func Merge(runs []Run) []Run {
	var out []Run
	for i := 0; i < len(runs); {
		first, text := runs[i], strings.Builder{}
		for ; i < len(runs) && runs[i].URL == first.URL && runs[i].Style == first.Style; i++ {
			text.WriteString(runs[i].Text)
		}
		first.Text = text.String()
		out = append(out, first)
	}
	return out
}

// Spelled gives the characters of a run where no link can stand, such as in code or in the cell of a table: behind its words
// stands its address, unless they say it.
func (r Run) Spelled() string {
	short := bare(r.URL)
	_, path, _ := strings.Cut(short, "://")
	switch {
	case !leads(r.URL):
		return r.Text
	case strings.TrimSpace(r.Text) == "":
		return short
	case r.Text == r.URL || r.Text == short || strings.TrimSuffix(path, "/") == strings.TrimSuffix(r.Text, "/"):
		return r.Text
	}
	return r.Text + " (" + short + ")"
}

// Plain gives the characters of parts, a line each.
func Plain(parts []Part) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, r := range p.Runs {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}
