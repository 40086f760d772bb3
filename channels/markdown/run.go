package markdown

import "strings"

// Merge joins neighbouring runs that have the same formatting and the same address.
func Merge(runs []Run) []Run {
	var out []Run
	for i := 0; i < len(runs); {
		first := runs[i]
		var text strings.Builder
		for ; i < len(runs) && runs[i].URL == first.URL && runs[i].Style == first.Style; i++ {
			text.WriteString(runs[i].Text)
		}
		first.Text = text.String()
		out = append(out, first)
	}
	return out
}

// Spelled returns the run as text, for places where no link can stand, such as code or the cell of a table.
// The address stands behind the words, unless the words are the address.
func (r Run) Spelled() string {
	address := shownAddress(r.URL)
	_, withoutScheme, _ := strings.Cut(address, "://")
	switch {
	case !canBeLink(r.URL):
		return r.Text
	case strings.TrimSpace(r.Text) == "":
		return address
	case r.Text == r.URL, r.Text == address:
		return r.Text
	case strings.TrimSuffix(r.Text, "/") == strings.TrimSuffix(withoutScheme, "/"):
		return r.Text
	}
	return r.Text + " (" + address + ")"
}

// Plain returns the text of parts without formatting, each part on a line of its own.
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
