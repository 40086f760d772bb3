package markdown

import "strings"

// Merge joins neighbouring runs that have the same formatting and the same address.
func Merge(runs []Run) []Run {
	var out []Run
	for i := 0; i < len(runs); {
		first := runs[i]
		var text strings.Builder
		for ; i < len(runs) && isAlike(runs[i], first); i++ {
			text.WriteString(runs[i].Text)
		}
		first.Text = text.String()
		out = append(out, first)
	}
	return out
}

// isAlike reports whether two runs have the same formatting and the same address.
func isAlike(a, b Run) bool { return a.URL == b.URL && a.Style == b.Style }

// Spelled returns the run as text, for places where no link can stand, such as code or the cell of a table.
// The address stands behind the words, unless the words are the address.
func (r Run) Spelled() string {
	if !canBeLink(r.URL) {
		return r.Text
	}
	address := ShownAddress(r.URL)
	if strings.TrimSpace(r.Text) == "" {
		return address
	}
	if IsSameAddress(r.Text, r.URL) {
		return r.Text
	}
	return r.Text + " (" + address + ")"
}

// IsSameAddress reports whether the words of a link are its address, also as people write it: "shop.example" is
// "http://shop.example/".
func IsSameAddress(words, address string) bool {
	shown := ShownAddress(address)
	if words == address || words == shown {
		return true
	}
	_, withoutScheme, hasScheme := strings.Cut(shown, "://")
	return hasScheme && strings.TrimSuffix(words, "/") == strings.TrimSuffix(withoutScheme, "/")
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
