package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"parley/store"
)

// SameText reports whether a text that a surface has read again is the one that was stored. Spaces, and the backslashes that escape
// signs of Markdown, don't count: an earlier version of Parley may have written others for the same text.
func SameText(read, stored string) bool {
	fold := func(text string) string { return strings.Join(strings.Fields(strings.ReplaceAll(text, `\`, "")), " ") }
	return fold(store.Clean(read)) == fold(stored)
}

// markBytes is how much of its hash a mark has: enough to tell the versions of one text apart.
const markBytes = 8

// TextMark returns a mark of a text. Another version of the text has another mark.
func TextMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:markBytes])
}

// WordsMark returns a mark of a text with its files, by their names. An edit of either changes the mark. The number of files comes
// first, so that a text that looks like a list of names has another mark than a text with these files.
func WordsMark(text string, files []string) string {
	return TextMark(fmt.Sprintf("%d %q %s", len(files), files, text))
}

// RecipientsMark returns a mark of the recipients of a reply. It doesn't depend on the order and the case in which
// their addresses are written: forms with the same mark name the same people.
func RecipientsMark(to, cc []string) string {
	normal := func(list []string) string {
		keys := make([]string, len(list))
		for i, address := range list {
			keys[i] = AddressKey(address)
		}
		slices.Sort(keys)
		return strings.Join(slices.Compact(keys), " ")
	}
	return TextMark(normal(to) + "\n" + normal(cc))
}

// AddressKey returns a typed mail address in the form in which it is compared and kept: in lower case, with its domain in the form for
// machines, which mails have: ann@xn--bcher-kva.test.
func AddressKey(address string) string {
	local, domain := splitAddress(address)
	return strings.ToLower(local) + domain
}

// splitAddress returns a typed mail address in two parts: as it is spelled up to the "@", and its domain in lower case, in the form for
// machines if it has one.
// Source: RFC 5891 section 4.4.
func splitAddress(address string) (local, domain string) {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	local, domain = address[:at+1], strings.ToLower(address[at+1:])
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && at > 0 {
		domain = ascii
	}
	return local, domain
}

// AddressSpelling returns a typed mail address as it is spelled, with its domain as in its key, or "" if that is its key.
func AddressSpelling(address string) string {
	local, domain := splitAddress(address)
	spelled := local + domain
	if spelled == AddressKey(address) {
		return ""
	}
	return spelled
}
