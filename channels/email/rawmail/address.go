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
	addressLimit = 500       // addresses
	addressItems = 1000      // texts between commas, whether they are addresses or not
	addressBytes = 128 << 10 // of each field
)

// Addresses reads address fields as tolerantly as a person would: groups, comments, missing commas
// and stray text never make it fail. Encoded names are decoded only after the field was split into
// addresses, so that a name can't forge an address.
func Addresses(guess *Guesser, values ...string) []channels.Party {
	var out []channels.Party
	seen := map[string]bool{}
	room := addressItems
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
			if len(out) == addressLimit {
				return out
			}
		}
	}
	return out
}

// splitAddresses splits a field at commas and semicolons outside of quotes, comments and angle
// brackets, and leaves out the names of groups. It returns the first most items. It reads each byte at
// most twice, because it remembers what it found when it looked ahead.
func splitAddresses(v string, most int) []string {
	v = v[:min(len(v), addressBytes)]
	var items []string
	start, quoted, angle, depth := 0, false, false, 0
	ahead := 0   // index of the comma or "<" that was found last, looking ahead
	lastAt := -1 // index of the last "@"
	for i := 0; i < len(v) && len(items) < most; i++ {
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
	if len(items) < most {
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
		if plain = strings.TrimSpace(plain); quotedLocal.MatchString(plain) { // "odd name"@x.test
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

// quotedLocal matches an address whose part before the "@" is in quotes. Where no character in them needs quotes, the address is the same
// without them: some programs write "ann..lee"@docomo.test, with the dots that old Japanese phones allow, others write no quotes.
// Source: RFC 5322 section 3.2.4.
var quotedLocal = regexp.MustCompile(`^"([^"\\<>]+)"(@[^@\s"]+)$`)

// Address returns an address in lower case without brackets and spaces; "" if a is none.
func Address(a string, guess *Guesser) string {
	a = strings.TrimPrefix(strings.Trim(strings.ToLower(DecodeHeader(a, guess)), " <>'`,;"), "mailto:")
	if m := quotedLocal.FindStringSubmatch(a); m != nil {
		if strings.ContainsAny(m[1], " \t@,;:()[]") {
			return ASCIIDomain(a)
		}
		a = m[1] + m[2]
	}
	a = wholeAddress(strings.Trim(a, " <>\"'`,;"))
	a = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || Dropped(r) {
			return -1
		}
		return r
	}, a)
	at := strings.LastIndexByte(a, '@')
	if at <= 0 || at == len(a)-1 || len(a) > 320 {
		return ""
	}
	return ASCIIDomain(strings.TrimSuffix(a, "."))
}

// ASCIIDomain returns an address with its domain in the form for machines: ann@xn--bcher-kva.test. Mails have nearly always that one,
// people type the other. A domain that has no such form stays as it is.
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

// wholeAddress returns the address at the end of a text in which stray words stand before it. Blanks that belong
// to an address, because its line was folded there, stay.
func wholeAddress(a string) string {
	words := strings.Fields(a)
	if len(words) < 2 {
		return a
	}
	last, before := words[len(words)-1], words[len(words)-2]
	at := strings.LastIndexByte(last, '@')
	if at <= 0 || at == len(last)-1 || last[0] == '.' || strings.HasSuffix(before, ".") || strings.Contains(a, `"`) {
		return a
	}
	return last
}

// displayName returns the person's name that stands before an address; "" if it repeats the address.
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
