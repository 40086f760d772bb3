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
// most twice, because it remembers what it found when it looked ahead.
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
		switch c := v[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
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
		case angle:
		case c == ',' || c == ';':
			items = append(items, v[start:i])
			start = i + 1
		case c == ':' && lastAt < start && !strings.EqualFold(strings.TrimSpace(v[start:i]), "mailto"):
			start = i + 1 // a group's name
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

// parseAddress reads one address and its name: Ann <ann@acme.test>, ann@acme.test (Ann).
func parseAddress(item string, guess *Guesser) (channels.Party, bool) {
	name, address := "", ""
	if open := strings.LastIndexByte(item, '<'); open >= 0 {
		address, _, _ = strings.Cut(item[open+1:], ">")
		name = item[:open]
		if strings.TrimSpace(name) == "" {
			_, name, _ = strings.Cut(item[open:], ">")
		}
	} else {
		var rest []string
		plain, comment := splitComment(item)
		words := strings.Fields(plain)
		if plain = strings.TrimSpace(plain); quotedAddress.MatchString(plain) { // "odd name"@x.test
			words = []string{plain}
		}
		for _, word := range words {
			if address == "" && strings.Contains(strings.Trim(word, "@"), "@") {
				address = word
			} else {
				rest = append(rest, word)
			}
		}
		name = strings.Join(rest, " ")
		if name == "" {
			name = comment
		}
	}
	if !strings.Contains(address, "@") && !strings.Contains(address, "=?") {
		return channels.Party{}, false
	}
	key := Address(address, guess)
	if key == "" {
		return channels.Party{}, false
	}
	return channels.Party{Key: key, Name: displayName(name, key, guess)}, true
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

// Address returns an address in lower case without brackets and spaces, or "" if a is no address.
func Address(a string, guess *Guesser) string {
	a = strings.TrimPrefix(strings.Trim(strings.ToLower(DecodeHeader(a, guess)), " <>'`,;"), "mailto:")
	if m := quotedAddress.FindStringSubmatch(a); m != nil {
		if strings.ContainsAny(m[1], " \t@,;:()[]") {
			return ASCIIDomain(a)
		}
		a = m[1] + m[2]
	}
	a = withoutStrayWords(strings.Trim(a, " <>\"'`,;"))
	a = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || IsDropped(r) {
			return -1
		}
		return r
	}, a)
	at := strings.LastIndexByte(a, '@')
	if at <= 0 || at == len(a)-1 || len(a) > maxAddressLength {
		return ""
	}
	return ASCIIDomain(strings.TrimSuffix(a, "."))
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
	at := strings.LastIndexByte(last, '@')
	isAddress := at > 0 && at < len(last)-1
	isFolded := last[0] == '.' || strings.HasSuffix(before, ".") || strings.Contains(a, `"`)
	if !isAddress || isFolded {
		return a
	}
	return last
}

// displayName returns the person's name that stands before an address, or "" if it only repeats the address.
func displayName(name, key string, guess *Guesser) string {
	name = strings.TrimSpace(name)
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	name = strings.ReplaceAll(strings.ReplaceAll(name, `\"`, `"`), `\\`, `\`)
	name = strings.Trim(DecodeHeader(name, guess), `"' `)
	if len([]rune(name)) > 200 {
		name = string([]rune(name)[:200])
	}
	if strings.EqualFold(name, key) {
		return ""
	}
	return name
}

// WithoutTag returns an address without its +tag.
func WithoutTag(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}
