package channels

import (
	"regexp"
	"slices"
	"strings"
)

// variable is a placeholder of a template: {{quote_number}}.
var variable = regexp.MustCompile(`\{\{\s*([a-z0-9_]{1,60})\s*\}\}`)

// Variables returns the names of the {{variables}} in texts, in the order of their first use.
func Variables(texts ...string) []string {
	var names []string
	for _, text := range texts {
		for _, found := range variable.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names, found[1]) {
				names = append(names, found[1])
			}
		}
	}
	return names
}

// Fill replaces the {{variables}} of a text by their values. Variables without a value stay.
func Fill(text string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := values[variable.FindStringSubmatch(found)[1]]; ok {
			return value
		}
		return found
	})
}

// HasStrayBraces reports whether a text has a {{ or }} that belongs to no variable.
func HasStrayBraces(text string) bool {
	rest := variable.ReplaceAllString(text, "")
	return strings.Contains(rest, "{{") || strings.Contains(rest, "}}")
}

// Words returns the filled template as people read it, in canonical Markdown. Channels without
// templates of their own send it. Markdown characters in values are escaped, and so are those that make a link of an address.
func (u TemplateUse) Words() string {
	values := make(map[string]string, len(u.Values))
	for name, value := range u.Values {
		values[name] = escapeValue(value)
	}

	var parts []string
	if u.Header != "" {
		parts = append(parts, "**"+Fill(u.Header, values)+"**")
	}

	parts = append(parts, Fill(u.Body, values))
	if u.Footer != "" {
		parts = append(parts, u.Footer)
	}

	var buttons []string
	for _, b := range u.Buttons {
		if b.URL != "" {
			buttons = append(buttons, b.Title+": "+b.URL)
		} else {
			buttons = append(buttons, "– "+b.Title)
		}
	}

	if len(buttons) > 0 {
		parts = append(parts, strings.Join(buttons, "  \n"))
	}

	return strings.Join(parts, "\n\n")
}

// Signs that mean something in Markdown: anywhere, at the start of a line, and behind the number of a list item.
const (
	signsAnywhere     = "\\`*_[]<>~|&@" // @ makes a link of an address
	signsAtStart      = "#+=-"
	signsBehindNumber = ".)"
	maxListDigits     = 9 // more digits are no number of a list item (CommonMark)
)

// escapeValue writes plain text as Markdown that reads the same.
func escapeValue(s string) string {
	var out strings.Builder
	rest := strings.TrimLeft(s, "0123456789")
	digits := len(s) - len(rest)
	mayBeList := digits >= 1 && digits <= maxListDigits
	for i := range len(s) {
		c := s[i]
		isMarkAtStart := i == 0 && strings.IndexByte(signsAtStart, c) >= 0
		isBehindNumber := i == digits && mayBeList
		isListMark := isBehindNumber && strings.IndexByte(signsBehindNumber, c) >= 0
		isMark := isMarkAtStart || isListMark || beginsAddress(s[:i], s[i:])
		if isMark || strings.IndexByte(signsAnywhere, c) >= 0 {
			out.WriteByte('\\')
		}

		out.WriteByte(c)
	}

	return out.String()
}

// beginsAddress reports whether a text is divided within what begins the address of a web page: within "https://" or "www.".
func beginsAddress(before, rest string) bool {
	return strings.HasPrefix(rest, "://") || strings.HasSuffix(before, "www") && rest[0] == '.'
}
