package typed

import (
	"net/mail"
	"regexp"
	"strings"
)

var (
	linked      = regexp.MustCompile(`\[[^\]\n]*\]\(mailto:([^)\s]+)\)|<(?:mailto:)?([^<>|\s]+@[^<>|\s]+)(?:\|[^>\n]*)?>`)
	mailAddress = regexp.MustCompile(`^[^\s<>,;:|()\[\]"@]+@[^\s<>,;:|()\[\]"@]+\.?[^\s<>,;:|()\[\]"@.]`)
	phone       = regexp.MustCompile(`^\+?[0-9][0-9()./-]{4,20}$`)
)

// Addresses reads mail addresses and phone numbers that are separated by spaces,
// commas or lines. Each is listed once. removed counts those with "-" before them; wrong is the first
// word that isn't an address, or "" if all are.
func Addresses(text string) (list []string, removed int, wrong string) {
	seen := map[string]bool{} // in small letters
	isSeparator := func(r rune) bool { return Blank(r) || strings.ContainsRune(",;", r) }
	for _, field := range strings.FieldsFunc(Unlink(text), isSeparator) {
		address := strings.TrimSuffix(strings.TrimPrefix(field, "mailto:"), ".")
		address, hasMinus := strings.CutPrefix(address, "-")
		if strings.Contains(address, "@") {
			address = strings.TrimPrefix(address, "+")
		}
		if !IsAddress(address) && !IsPhone(address) {
			return nil, 0, field
		}
		if seen[strings.ToLower(address)] {
			continue
		}

		seen[strings.ToLower(address)] = true
		list = append(list, address)

		if hasMinus {
			removed++
		}
	}

	return list, removed, ""
}

// Unlink replaces each link that a surface or Markdown made of an address by the bare address.
func Unlink(text string) string {
	return linked.ReplaceAllString(text, "$1$2")
}

// maxAddressBytes is the limit of a mail address. Source: RFC 5321, section 4.5.3.1.3, without the angle brackets.
const maxAddressBytes = 254

// IsAddress reports whether a word is a mail address and nothing else.
func IsAddress(s string) bool {
	if len(s) > maxAddressBytes || !mailAddress.MatchString(s) {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		return false
	}
	return parsed.Address == s && parsed.Name == ""
}

// DigitsIn counts the digits of a text.
func DigitsIn(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// IsPhone reports whether a word is a phone number and nothing else.
func IsPhone(s string) bool { return phone.MatchString(s) }
