package rawmail

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"parley/channels"
)

// Limits of what is read of the address fields of one kind (all To fields, for example).
const (
	maxAddresses    = 500       // addresses
	maxAddressItems = 1000      // texts between commas, whether they are addresses or not
	maxAddressBytes = 128 << 10 // of each field
)

// Addresses reads address fields as tolerantly as a person would: groups, comments, missing commas
// and stray text never make it fail. Encoded names are decoded only after the field was split into
// addresses, so that a name can't forge an address.
func Addresses(guess *Guesser, values ...string) []channels.Party {
	var out []channels.Party
	seen := map[string]bool{}
	room := maxAddressItems
	for _, v := range values {
		items := splitAddresses(v, room)
		room -= len(items)

		for _, item := range items {
			p, ok := parseAddress(item, guess)
			if !ok || seen[p.Key] {
				continue
			}

			seen[p.Key] = true
			out = append(out, p)
			if len(out) == maxAddresses {
				return out
			}
		}
	}

	return out
}

// splitAddresses splits a field at commas and semicolons outside of quotes, comments and angle
// brackets, and leaves out the names of groups. It returns the first maxItems items. It reads each byte at
// most twice, because it remembers what it found when it looked ahead. The cases of its switch are in the order
// in which the marks win: in quotes a parenthesis is text, in a comment an angle bracket is.
func splitAddresses(v string, maxItems int) []string {
	v = v[:min(len(v), maxAddressBytes)]
	var items []string
	start := 0 // where the current item begins
	quoted := false
	angle := false // inside of angle brackets
	depth := 0     // of comments
	ahead := 0     // index of the comma or "<" that was found last, looking ahead
	lastAt := -1   // index of the last "@"
	for i := 0; i < len(v) && len(items) < maxItems; i++ {
		if v[i] == '@' {
			lastAt = i
		}

		inComment := depth > 0
		mayEscape := quoted || inComment
		switch c := v[i]; {
		case c == '\\' && mayEscape:
			i++
		case c == '"' && !inComment:
			quoted = !quoted
		case quoted: // part of the item
		case c == '(':
			depth++
		case c == ')' && inComment:
			depth--
		case inComment: // part of the item
		case c == '<':
			angle = true
		case c == '>':
			angle = false

			if ahead <= i {
				ahead = i + 1 + indexOrEnd(v[i+1:], ",<")
			}
			if ahead < len(v) && v[ahead] == '<' { // the comma is missing
				items = append(items, v[start:i+1])
				start = i + 1
			}
		case angle: // part of the item
		case c == ',' || c == ';':
			items = append(items, v[start:i])
			start = i + 1
		case c == ':' && lastAt < start:
			isGroupName := !strings.EqualFold(strings.TrimSpace(v[start:i]), "mailto")
			if isGroupName {
				start = i + 1
			}
		}
	}

	if len(items) < maxItems {
		items = append(items, v[min(start, len(v)):])
	}

	return items
}

// indexOrEnd returns the index of the first of some ASCII characters in s, or len(s) if there is none.
func indexOrEnd(s, signs string) int {
	if i := strings.IndexAny(s, signs); i >= 0 {
		return i
	}
	return len(s)
}

// parseAddress reads one address and its name: Ann <ann@acme.test>, ann@acme.test (Ann). ok is false if the item
// has no address.
func parseAddress(item string, guess *Guesser) (party channels.Party, ok bool) {
	name, address := splitUnbracketed(item)
	if open := strings.LastIndexByte(item, '<'); open >= 0 {
		name, address = splitBracketed(item, open)
	}
	decoded := DecodeHeader(address, guess)
	key := plainAddress(strings.ToLower(decoded))
	if key == "" {
		return channels.Party{}, false
	}
	return channels.Party{Key: key, Address: spelledAddress(decoded, key), Name: displayName(name, key, guess)}, true
}

// splitBracketed splits an item whose address begins with the "<" at open. If no name stands before the address,
// the text behind it is the name.
func splitBracketed(item string, open int) (name, address string) {
	address, behind, _ := strings.Cut(item[open+1:], ">")
	name = item[:open]
	if strings.TrimSpace(name) == "" {
		name = behind
	}
	return name, address
}

// splitUnbracketed splits an item without angle brackets: its first word with an "@" is the address, and the other
// words are the name. If there are no other words, the name is in parentheses behind the address.
func splitUnbracketed(item string) (name, address string) {
	plain, comment := splitComment(item)
	words := strings.Fields(plain)
	if trimmed := strings.TrimSpace(plain); quotedAddress.MatchString(trimmed) { // "odd name"@x.test
		words = []string{trimmed}
	}

	var others []string
	for _, word := range words {
		if address == "" && strings.Contains(strings.Trim(word, "@"), "@") {
			address = word
		} else {
			others = append(others, word)
		}
	}

	if len(others) == 0 {
		return comment, address
	}

	return strings.Join(others, " "), address
}

// splitComment separates the text in parentheses from the text around them.
func splitComment(s string) (plain, comment string) {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return s, ""
	}
	end := strings.LastIndexByte(s, ')')
	if end < open {
		return s[:open], s[open+1:]
	}
	return s[:open] + " " + s[end+1:], s[open+1 : end]
}

// quotedAddress matches an address whose part before the "@" is in quotes. If no character in the quotes needs
// them, the address is the same without quotes: of the address "ann..lee"@docomo.test, with the dots that old
// Japanese phones allow, some programs write the quotes and others don't.
// Source: RFC 5322 section 3.2.4.
var quotedAddress = regexp.MustCompile(`^"([^"\\<>]+)"(@[^@\s"]+)$`)

// maxAddressLength is that of an address by RFC 3696 (erratum 1690: in SMTP it is 254).
const maxAddressLength = 320

// Address returns an address in lower case without brackets and spaces, or "" if a isn't an address.
func Address(a string, guess *Guesser) string {
	return plainAddress(strings.ToLower(DecodeHeader(a, guess)))
}

// spelledAddress returns the address with the given key as it is spelled, or "" if that is the key. Its domain is in lower case,
// since only the part before the "@" may be a different one in other letters.
// Source: RFC 5321 section 2.4.
func spelledAddress(decoded, key string) string {
	a := plainAddress(decoded)
	at := strings.LastIndexByte(a, '@')
	a = a[:at+1] + strings.ToLower(a[at+1:])
	if a == key || strings.ToLower(a) != key {
		return ""
	}
	return a
}

// plainAddress returns an address without brackets and spaces, or "" if a isn't an address.
func plainAddress(a string) string {
	a = strings.TrimPrefix(strings.Trim(a, " <>'`,;"), "mailto:")
	if m := quotedAddress.FindStringSubmatch(a); m != nil {
		local, domain := m[1], m[2]
		needsQuotes := strings.ContainsAny(local, " \t@,;:()[]")
		if needsQuotes && len(a) > maxAddressLength {
			return ""
		}
		if needsQuotes {
			return ASCIIDomain(a)
		}

		a = local + domain
	}

	a = withoutStrayWords(strings.Trim(a, " <>\"'`,;"))
	a = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || IsDropped(r) {
			return -1
		}
		return r
	}, a)
	if !hasBothSides(a) || len(a) > maxAddressLength {
		return ""
	}

	return ASCIIDomain(strings.TrimSuffix(a, "."))
}

// hasBothSides reports whether something stands on both sides of the last "@" of a text.
func hasBothSides(a string) bool {
	at := strings.LastIndexByte(a, '@')
	return at > 0 && at < len(a)-1
}

// ASCIIDomain returns an address with its domain in the form for machines: ann@xn--bcher-kva.test. Nearly all
// mails have this form, but people type the other one. A domain that has no form for machines stays as it is.
// Source: RFC 5891 section 4.4.
func ASCIIDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if domain := address[at+1:]; !IsASCII(domain) {
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			return address[:at+1] + ascii
		}
	}
	return address
}

// withoutStrayWords returns the address at the end of a text, without words that stand before it. It keeps
// blanks that are part of an address because its line was folded there.
func withoutStrayWords(a string) string {
	words := strings.Fields(a)
	if len(words) < 2 {
		return a
	}

	last, before := words[len(words)-1], words[len(words)-2]
	isFoldedAtDot := last[0] == '.' || strings.HasSuffix(before, ".") // ann@acme. test
	hasQuotes := strings.Contains(a, `"`)                             // the blank may stand in them
	if isFoldedAtDot || hasQuotes {
		return a
	}
	if !hasBothSides(last) {
		return a
	}

	return last
}

// maxNameRunes is longer than people's names: more than that is a text in the wrong place.
const maxNameRunes = 200

// displayName returns the person's name that stands before an address, or "" if it only repeats the address.
func displayName(name, key string, guess *Guesser) string {
	name = strings.ReplaceAll(strings.ReplaceAll(name, `\"`, `"`), `\\`, `\`)
	name = strings.Trim(DecodeHeader(name, guess), `"' `)
	if runes := []rune(name); len(runes) > maxNameRunes {
		name = string(runes[:maxNameRunes])
	}
	if strings.EqualFold(name, key) {
		return ""
	}
	return name
}

// WithoutTag returns an address without its +tag.
func WithoutTag(address string) string {
	local, domain, isAddress := strings.Cut(address, "@")
	if !isAddress {
		return address
	}
	beforeTag, _, _ := strings.Cut(local, "+")
	return beforeTag + "@" + domain
}
