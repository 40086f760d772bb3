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

// Signs that mean something in Markdown: anywhere, at the start of a line, and behind the number of a list item.
const (
	signsAnywhere     = "\\`*_[]<>~|&@" // @ makes a link of an address
	signsAtStart      = "#+=-"
	signsBehindNumber = ".)"
	maxListDigits     = 9 // more digits are no number of a list item (CommonMark)
)

// fillEscaped fills a text of Markdown as Fill does. It escapes the values, so that a sign in them doesn't format anything.
func fillEscaped(text string, values map[string]string) string {
	var out strings.Builder
	written := 0 // how much of text was written or replaced
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		begin, end := at[0], at[1]
		name := text[at[2]:at[3]]
		if value, ok := values[name]; ok {
			out.WriteString(text[written:begin])
			isInLink := bareLink.MatchString(lastWord(out.String()))
			out.WriteString(escapeValue(value, isInLink))
			written = end
		}
	}
	out.WriteString(text[written:])
	return out.String()
}

// bareLink matches a word that ends within the address of a web page, behind its host: what follows the word continues the address.
var bareLink = regexp.MustCompile(`(?:^|[(<*_~])(?:(?:https?|ftp)://|www\.)[-a-zA-Z0-9@:%._+~#=]+\.[a-z]+(?::[0-9]+)?` +
	`[/?#][-a-zA-Z0-9@:%_+.~#$!?&/=(),;'^{}]*$`)

// lastWord returns what stands behind the last blank of a text.
func lastWord(s string) string { return s[strings.LastIndexAny(s, " \t\n")+1:] }

// escapeValue writes plain text as Markdown that reads the same. inLink says that the text continues a link: as long as it does, nothing is
// escaped, because a backslash would end the link.
func escapeValue(s string, inLink bool) string {
	var out strings.Builder
	rest := strings.TrimLeft(s, "0123456789")
	digits := len(s) - len(rest)
	mayBeList := digits >= 1 && digits <= maxListDigits
	for i := range len(s) {
		c := s[i]
		inLink = inLink && continuesLink(s, i)
		isMarkAtStart := i == 0 && strings.IndexByte(signsAtStart, c) >= 0
		isBehindNumber := i == digits && mayBeList
		isListMark := isBehindNumber && strings.IndexByte(signsBehindNumber, c) >= 0
		isMark := isMarkAtStart || isListMark || beginsAddress(s[:i], s[i:]) || strings.IndexByte(signsAnywhere, c) >= 0
		if isMark && !inLink {
			out.WriteByte('\\')
		}

		out.WriteByte(c)
	}

	return out.String()
}

// continuesLink reports whether the character at i continues a bare link and formats nothing, even if the link isn't shown as one. An
// underscore does only between letters or digits.
func continuesLink(s string, i int) bool {
	isWord := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	if s[i] == '_' {
		return i > 0 && i+1 < len(s) && isWord(s[i-1]) && isWord(s[i+1])
	}
	return isWord(s[i]) || strings.IndexByte("@:%+.#$!?/=,;-", s[i]) >= 0
}

// beginsAddress reports whether rest begins with the "://" of an address, or with the "." behind "www": escaped, they make no link.
func beginsAddress(before, rest string) bool {
	return strings.HasPrefix(rest, "://") || strings.HasSuffix(before, "www") && rest[0] == '.'
}
