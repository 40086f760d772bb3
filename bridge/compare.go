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

// This file compares texts and mail addresses that were written in different ways. A mark is a short hash of what a
// reader saw. A form or button carries it: if the words or the recipients have changed since, the mark differs.

// SameText reports whether a text that a surface has read again is the one that was stored. It ignores white space
// and the backslashes that escape Markdown, because an earlier version of Parley may have escaped the same text
// otherwise.
func SameText(read, stored string) bool {
	fold := func(text string) string { return strings.Join(strings.Fields(strings.ReplaceAll(text, `\`, "")), " ") }
	return fold(store.Clean(read)) == fold(stored)
}

// markBytes is how many bytes of the hash a mark keeps: enough to tell the versions of one text apart.
const markBytes = 8

// TextMark returns a mark of a text: 16 hex digits. Another version of the text has another mark.
func TextMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:markBytes])
}

// WordsMark returns a mark of a text and the names of its files. An edit of either changes the mark. The number of
// files comes first, so that a text that looks like a list of names has another mark than a text with these files.
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

// AddressKey returns a mail address in the form in which it is compared and stored: in lower case, with its domain in
// ASCII, as in mails. "Ann@Bücher.test" becomes "ann@xn--bcher-kva.test".
func AddressKey(address string) string {
	local, domain := splitAddress(address)
	return strings.ToLower(local) + domain
}

// splitAddress splits a typed mail address behind the "@". local keeps its spelling. domain is in lower case and, if
// it can be converted, in ASCII.
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

// AddressSpelling returns a typed mail address with its own upper and lower case before the "@", and the domain as in
// its key. It returns "" if the result is the key itself.
func AddressSpelling(address string) string {
	local, domain := splitAddress(address)
	spelled := local + domain
	if spelled == AddressKey(address) {
		return ""
	}
	return spelled
}
