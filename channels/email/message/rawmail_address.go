package message

import (
	netmail "net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"parley/channels"
)

// The limits for the address fields of one name (all To fields, for example).
const (
	maxAddresses    = 500       // addresses
	maxAddressItems = 1000      // comma-separated items, whether they are addresses or not
	maxAddressBytes = 128 << 10 // bytes of each field
)

// Addresses parses the values of address fields such as To. It is much more tolerant than net/mail: groups, comments,
// missing commas and stray text are no errors. Duplicates are removed. For example, it reads two addresses in
//
//	"Lee, Ann" <Ann@acme.test> Kim <kim@acme.test>
//
// A field is split into addresses before encoded names are decoded, so that a name can't forge an address.
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

// splitAddresses splits a field at commas and semicolons outside of quotes, comments and angle brackets, and drops the
// names of groups. It returns at most maxItems items. The result of the last lookahead is kept, so that hostile input is
// read at most twice.
func splitAddresses(v string, maxItems int) []string {
	v = v[:min(len(v), maxAddressBytes)]
	masked := maskText(v)
	var items []string
	start := 0     // of the current item
	angle := false // inside angle brackets
	comma := -1    // the index of the last comma inside them, or -1
	ahead := 0     // the index of the comma or "<" that the last lookahead found
	lastAt := -1   // the index of the last "@"

	for i := 0; i < len(v) && len(items) < maxItems; i++ {
		switch c := masked[i]; {
		case c == '@':
			lastAt = i
		case c == '<':
			if angle && comma > start { // the brackets before the comma aren't closed
				items = append(items, v[start:comma])
				start = comma + 1
			}
			angle, comma = true, -1
		case c == ',' && angle:
			comma = i
		case c == '>':
			angle = false
			if ahead <= i {
				ahead = i + 1 + indexOrEnd(masked[i+1:], ",<")
			}
			if ahead < len(v) && masked[ahead] == '<' { // another address follows, but the comma is missing
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

// indexOrEnd is strings.IndexAny, but returns len(s) if s contains none of the characters.
func indexOrEnd(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}

// parseAddress parses one address with an optional name: Ann <ann@acme.test>, ann@acme.test (Ann). Some programs encode the
// address together with its name, against RFC 2047 section 5. ok is false if the item contains no address.
func parseAddress(item string, guess *Guesser) (party channels.Party, ok bool) {
	party, ok = parsePlainAddress(item, guess)
	if !ok && strings.Contains(item, "=?") {
		return parsePlainAddress(DecodeHeader(item, guess), guess)
	}
	return party, ok
}

// parsePlainAddress is parseAddress for an address that isn't encoded. Its name may be.
func parsePlainAddress(item string, guess *Guesser) (party channels.Party, ok bool) {
	name, address := splitUnbracketed(item)
	masked := maskText(item)
	if open := strings.LastIndexByte(masked, '<'); open >= 0 {
		end := open + indexOrEnd(masked[open:], ">")
		name, address = splitBracketed(item, open, end)
	}
	decoded := DecodeHeader(address, guess)
	key := plainAddress(channels.LowerAddress(decoded))
	if key == "" {
		return channels.Party{}, false
	}
	return channels.Party{Key: key, Address: spelledAddress(decoded, key), Name: displayName(name, key, guess)}, true
}

// splitBracketed splits an item with a "<" at the index open and a ">" at the index end, or without one if end is its
// length. The name usually precedes the address; if there is none, the text after the address is taken.
func splitBracketed(item string, open, end int) (name, address string) {
	name = item[:open]
	if strings.TrimSpace(name) == "" {
		name = item[min(end+1, len(item)):]
	}
	return name, withoutComments(item[open+1 : end])
}

// splitUnbracketed splits an item without angle brackets. The first word with an "@" is the address, and the other words
// are the name. If there are none, a comment is the name: ann@acme.test (Ann).
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

// splitComment separates the text in parentheses from the text around it.
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

// quotedAddress matches an address with a quoted local part (the part before the "@"). plainAddress removes quotes that
// no character requires, since programs disagree: "ann..lee"@docomo.test, an address of old Japanese phones, is often
// written without them.
// Source: RFC 5322 section 3.2.4.
var quotedAddress = regexp.MustCompile(`^"([^"\\]+)"(@[^@\s"<>]+)$`)

// maxAddressLength is the limit of RFC 3696. In SMTP it is 254 (erratum 1690).
const maxAddressLength = 320

// Address normalizes one address: lower case, without brackets and spaces. It returns "" if a is no address.
func Address(a string, guess *Guesser) string {
	return plainAddress(channels.LowerAddress(DecodeHeader(a, guess)))
}

// spelledAddress returns the address with its original upper and lower case, or "" if that is the key, which is all lower
// case. Only the local part may be case-sensitive; the domain is always in lower case.
// Source: RFC 5321 section 2.4.
func spelledAddress(decoded, key string) string {
	a := plainAddress(decoded)
	at := strings.LastIndexByte(a, '@')
	a = a[:at+1] + channels.LowerAddress(a[at+1:])
	if a == key || channels.LowerAddress(a) != key {
		return ""
	}
	return a
}

// plainAddress returns an address without brackets, spaces and unnecessary quotes, or "" if a is no address.
func plainAddress(a string) string {
	a = withoutRoute(strings.TrimPrefix(strings.Trim(a, " <>'`,;"), "mailto:"))
	if m := quotedAddress.FindStringSubmatch(a); m != nil {
		local, domain := m[1], m[2]
		needsQuotes := strings.ContainsAny(local, " \t@,;:()[]<>")
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

// withoutRoute removes an obsolete source route, over which servers a mail was to go: @a.test,@b.test:ann@acme.test becomes
// ann@acme.test (RFC 5321 appendix C).
func withoutRoute(a string) string {
	if route, address, ok := strings.Cut(a, ":"); ok && strings.HasPrefix(route, "@") {
		return address
	}
	return a
}

// hasBothSides reports whether the last "@" of a text has text on both sides.
func hasBothSides(a string) bool {
	at := strings.LastIndexByte(a, '@')
	return at > 0 && at < len(a)-1
}

// ASCIIDomain converts the domain of an address to its ASCII form (punycode): ann@bücher.test becomes
// ann@xn--bcher-kva.test. Mails use this form, but people type the other one. An invalid domain isn't changed.
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

// dottyLocalPart matches local parts (the part before the "@") that need only quotes to be valid. Japanese phones had
// addresses with misplaced dots until 2009: ann..lee@docomo.test, ann.@docomo.test.
// Source: https://github.com/KumoCorp/kumomta/issues/77; https://odashinsuke.hatenablog.com/entry/20090403/1238758307.
var dottyLocalPart = regexp.MustCompile(`^[\w.+\-]*$`)

// SendableAddress returns an address in the form for the headers of a mail that is sent: with an ASCII domain, and quotes
// where they are needed. ok is false if plain isn't a valid address.
func SendableAddress(plain string) (address string, ok bool) {
	parsed, err := netmail.ParseAddress("<" + plain + ">")
	if err != nil {
		at := strings.LastIndexByte(plain, '@')
		if at > 0 && dottyLocalPart.MatchString(plain[:at]) {
			parsed, err = netmail.ParseAddress(`<"` + plain[:at] + `"` + plain[at:] + ">")
		}
	}
	if err != nil || strings.ContainsAny(plain, "\r\n\x00") {
		return "", false
	}

	address = ASCIIDomain(parsed.Address)
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return address, IsASCII(domain) && !strings.ContainsAny(domain, "<>")
}

// withoutStrayWords removes the words before the address at the end of a text. It doesn't split an address that contains
// a space because its line was folded there.
func withoutStrayWords(a string) string {
	words := strings.Fields(a)
	if len(words) < 2 {
		return a
	}

	last, before := words[len(words)-1], words[len(words)-2]
	isFoldedAtDot := last[0] == '.' || strings.HasSuffix(before, ".") // "ann@acme. test"
	hasQuotes := strings.Contains(a, `"`)                             // the space may be within them
	if isFoldedAtDot || hasQuotes {
		return a
	}
	if !hasBothSides(last) {
		return a
	}

	return last
}

// maxNameRunes is longer than any person's name.
const maxNameRunes = 200

// displayName decodes the name that belongs to an address. It returns "" if the name only repeats the address.
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

// WithoutTag returns an address without its +tag: ann+shop@acme.test becomes ann@acme.test.
func WithoutTag(address string) string {
	local, domain, isAddress := strings.Cut(address, "@")
	if !isAddress {
		return address
	}
	beforeTag, _, _ := strings.Cut(local, "+")
	return beforeTag + "@" + domain
}
