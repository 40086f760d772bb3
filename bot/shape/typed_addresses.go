package shape

import (
	"net/mail"
	"regexp"
	"strings"
)

var (
	// linked matches a link that a chat or Markdown made of an address: [Ann](mailto:ann@acme.test), <mailto:ann@acme.test|Ann>,
	// <ann@acme.test>.
	linked = regexp.MustCompile(`\[[^\]\n]*\]\(mailto:([^)\s]+)\)|<(?:mailto:)?([^<>|\s]+@[^<>|\s]+)(?:\|[^>\n]*)?>`)
	// mailAddress rules out names, comments and quotes, which net/mail would accept. It isn't anchored at the end:
	// IsAddress checks the rest with net/mail.
	mailAddress = regexp.MustCompile(`^[^\s<>,;:|()\[\]"@]+@[^\s<>,;:|()\[\]"@]+\.?[^\s<>,;:|()\[\]"@.]`)
	// phone matches a phone number as people write it, without spaces.
	phone = regexp.MustCompile(`^\+?[0-9][0-9()./-]{4,20}$`)
)

// maxAddressBytes is the maximum length of a mail address. Source: RFC 5321, section 4.5.3.1.3, without the angle brackets.
const maxAddressBytes = 254

// Addresses reads mail addresses and phone numbers that are separated by white space, commas or semicolons:
//
//	"ann@acme.test, -bob@acme.test"  list is ann@acme.test and bob@acme.test, removed is 1
//
// A "-" before an address asks to remove it, a "+" before a mail address to add it. list has the addresses without these
// signs, and without duplicates. removed counts the addresses whose first occurrence has a "-". If a word isn't an address,
// wrong is the first such word, and list is nil.
func Addresses(text string) (list []string, removed int, wrong string) {
	seen := map[string]bool{} // by the address in lower case
	isSeparator := func(r rune) bool { return IsBlank(r) || strings.ContainsRune(",;", r) }
	for _, word := range strings.FieldsFunc(Unlink(text), isSeparator) {
		address := strings.TrimPrefix(word, "mailto:")
		address = strings.TrimSuffix(address, ".") // the end of a sentence
		address, isRemoved := strings.CutPrefix(address, "-")
		if strings.Contains(address, "@") {
			address = strings.TrimPrefix(address, "+") // the sign; in a phone number, "+" is part of the number
		}
		if !IsAddress(address) && !IsPhone(address) {
			return nil, 0, word
		}

		key := strings.ToLower(address)
		if seen[key] {
			continue
		}
		seen[key] = true
		list = append(list, address)
		if isRemoved {
			removed++
		}
	}

	return list, removed, ""
}

// Unlink replaces each link that a chat or Markdown made of an address by the address alone: "<mailto:a@acme.test|Ann>" becomes
// "a@acme.test".
func Unlink(text string) string { return linked.ReplaceAllString(text, "$1$2") }

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

// IsPhone reports whether a word is a phone number and nothing else.
func IsPhone(s string) bool { return phone.MatchString(s) }
