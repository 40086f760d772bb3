package markdown

import "strings"

// Merge joins adjacent runs with the same formatting and address.
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

func isAlike(a, b Run) bool { return a.URL == b.URL && a.Style == b.Style }

// Spelled returns the run as text, for places that can't contain a link, such as code or a table cell. The
// address follows in parentheses, unless the text is the address: "our shop (https://shop.example)".
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

// IsSameAddress reports whether the text of a link is its address, perhaps in a shorter form: "shop.example"
// is the same as "http://shop.example/".
func IsSameAddress(text, address string) bool {
	shown := ShownAddress(address)
	if text == address || text == shown {
		return true
	}
	_, withoutScheme, hasScheme := strings.Cut(shown, "://")
	return hasScheme && strings.TrimSuffix(text, "/") == strings.TrimSuffix(withoutScheme, "/")
}

// Plain returns the text of parts without formatting, one line per part.
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
