package channels

import (
	"regexp"
	"slices"
	"strings"
)

// variable matches a placeholder in a template: {{quote_number}}.
var variable = regexp.MustCompile(`\{\{\s*([a-z0-9_]{1,60})\s*\}\}`)

// Variables returns the distinct names of the {{variables}} in texts, in the order of their first use.
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

// Fill replaces the {{variables}} in a text with their values. Variables without a value are left as they are.
func Fill(text string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := values[variable.FindStringSubmatch(found)[1]]; ok {
			return value
		}
		return found
	})
}

// HasStrayBraces reports whether a text has a {{ or }} that isn't part of a variable.
func HasStrayBraces(text string) bool {
	rest := variable.ReplaceAllString(text, "")
	return strings.Contains(rest, "{{") || strings.Contains(rest, "}}")
}

// Words returns the filled template as Markdown, for people, and for channels whose provider has no templates. Markdown
// characters in the values are escaped, so that a value never formats anything or becomes a link: with the name
// "*Ann*", the text "Hello {{name}}!" becomes "Hello \*Ann\*!".
func (u TemplateUse) Words() string {
	var parts []string
	if u.Header != "" {
		parts = append(parts, "**"+fillEscaped(u.Header, u.Values)+"**")
	}

	parts = append(parts, fillEscaped(u.Body, u.Values))
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

// Characters with a meaning in Markdown: anywhere, at the start of a line, and after the number of a list item.
const (
	markAnywhere    = "\\`*_[]<>~|&@" // @ turns an e-mail address into a link
	markAtStart     = "#+=-"
	markAfterNumber = ".)"
	maxListDigits   = 9 // a longer number doesn't start a list item (CommonMark)
)

// fillEscaped is like Fill for a Markdown text, but escapes the values. A value inside a URL must not be escaped: in
// https://acme.test/?q={{quote_number}}, a backslash would become part of the URL.
func fillEscaped(text string, values map[string]string) string {
	var out strings.Builder
	done := 0 // the length of the prefix of text that was copied or replaced
	for _, match := range variable.FindAllStringSubmatchIndex(text, -1) {
		begin, end := match[0], match[1]
		name := text[match[2]:match[3]]
		value, ok := values[name]
		if !ok {
			continue
		}

		out.WriteString(text[done:begin])
		isInLink := bareLink.MatchString(lastWord(out.String()))
		out.WriteString(escapeValue(value, isInLink))
		done = end
	}
	out.WriteString(text[done:])
	return out.String()
}

// bareLink matches a word that ends inside a URL, after its host, so that any text that follows continues the URL.
var bareLink = regexp.MustCompile(`(?:^|[(<*_~])(?:(?:https?|ftp)://|www\.)[-a-zA-Z0-9@:%._+~#=]+\.[a-z]+(?::[0-9]+)?` +
	`[/?#][-a-zA-Z0-9@:%_+.~#$!?&/=(),;'^{}]*$`)

// lastWord returns the text after the last white space.
func lastWord(s string) string { return s[strings.LastIndexAny(s, " \t\n")+1:] }

// escapeValue escapes plain text for Markdown. inLink means that the text continues a URL: nothing is escaped up to the
// first character that can't be part of the URL.
func escapeValue(s string, inLink bool) string {
	var out strings.Builder
	for i := range len(s) {
		inLink = inLink && continuesLink(s, i)
		if !inLink && isMark(s, i) {
			out.WriteByte('\\')
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// isMark reports whether the character at i has a meaning in Markdown, if s may be at the start of a line.
func isMark(s string, i int) bool {
	c := s[i]
	if strings.IndexByte(markAnywhere, c) >= 0 || beginsAddress(s[:i], s[i:]) {
		return true
	}
	if i == 0 {
		return strings.IndexByte(markAtStart, c) >= 0
	}
	isAfterListNumber := i <= maxListDigits && strings.Trim(s[:i], "0123456789") == ""
	return isAfterListNumber && strings.IndexByte(markAfterNumber, c) >= 0
}

// continuesLink reports whether the character at i continues a URL, and has no meaning in Markdown either in case that
// the URL isn't shown as a link. An underscore is such a character only between letters or digits.
func continuesLink(s string, i int) bool {
	isWord := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	if s[i] == '_' {
		return i > 0 && i+1 < len(s) && isWord(s[i-1]) && isWord(s[i+1])
	}
	return isWord(s[i]) || strings.IndexByte("@:%+.#$!?/=,;-", s[i]) >= 0
}

// beginsAddress reports whether rest begins with the "://" of a URL, or with the "." after "www". If these are escaped, the
// text doesn't become a link.
func beginsAddress(before, rest string) bool {
	return strings.HasPrefix(rest, "://") || strings.HasSuffix(before, "www") && rest[0] == '.'
}
