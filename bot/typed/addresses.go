package typed

import (
	"net/mail"
	"regexp"
	"strings"
)

var (
	linked  = regexp.MustCompile(`\[[^\]\n]*\]\(mailto:([^)\s]+)\)|<(?:mailto:)?([^<>|\s]+@[^<>|\s]+)(?:\|[^>\n]*)?>`)
	address = regexp.MustCompile(`^[^\s<>,;:|()\[\]"@]+@[^\s<>,;:|()\[\]"@]+\.?[^\s<>,;:|()\[\]"@.]`)
	phone   = regexp.MustCompile(`^\+?[0-9][0-9()./-]{4,20}$`)
)

// Addresses reads mail addresses and phone numbers that are separated by spaces,
// commas or lines. removed counts those with "-" before them; wrong is the first
// word that is no address, "" if there is none.
func Addresses(text string) (list []string, removed int, wrong string) {
	seen := map[string]bool{}
	for _, field := range strings.FieldsFunc(Unlink(text), func(r rune) bool { return Blank(r) || r == ',' || r == ';' }) {
		addr := strings.TrimSuffix(strings.TrimPrefix(field, "mailto:"), ".")
		minus := strings.HasPrefix(addr, "-")
		addr = strings.TrimPrefix(addr, "-")
		if strings.Contains(addr, "@") {
			addr = strings.TrimPrefix(addr, "+")
		}
		if !IsAddress(addr) && !IsPhone(addr) {
			return nil, 0, field
		}
		if seen[strings.ToLower(addr)] {
			continue
		}
		seen[strings.ToLower(addr)] = true
		list = append(list, addr)
		if minus {
			removed++
		}
	}
	return list, removed, ""
}

// Unlink replaces each link that a surface or Markdown made of an address by the bare address.
func Unlink(text string) string {
	return linked.ReplaceAllString(text, "$1$2")
}

// IsAddress says whether a word is a mail address and nothing else.
func IsAddress(s string) bool {
	if len(s) > 254 || !address.MatchString(s) {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && parsed.Name == ""
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

// IsPhone says whether a word is a phone number and nothing else.
func IsPhone(s string) bool { return phone.MatchString(s) }
