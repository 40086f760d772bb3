package message

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
)

// Mails with the headers of a mailing list are usually automatic: newsletters, for example. But the address of an
// account may be a mailing list itself, such as a Google group that forwards customers' mails to the mailbox. This file
// recognises the headers of such a list, which don't make a mail automatic, and finds the real author.
//
// Source: RFC 2369, section 3.4 (List-Post); mails of Google Groups in public archives, read 2026-11:
//
//	Precedence: list
//	Mailing-list: list help@acme.test; contact help+owners@acme.test
//	List-Post: <https://groups.google.com/a/acme.test/group/help/post>, <mailto:help@acme.test>
//	X-Original-From: Ann Lee <ann@customer.test>

// listAddress matches the posting address of a list, in group 1 (List-Post) or group 2 (Mailing-List).
var listAddress = regexp.MustCompile(`(?i)mailto:([^>?,\s]+)|^\s*list\s+([^;,\s]+)`)

// isOwnList reports whether a mail came through a mailing list whose address belongs to the account.
func (d *Decoder) isOwnList(h Header) bool {
	const maxBytes, maxMatches = 1000, 10 // of one field
	for _, field := range slices.Concat(h.All("List-Post"), h.All("Mailing-List")) {
		for _, match := range listAddress.FindAllStringSubmatch(field[:min(len(field), maxBytes)], maxMatches) {
			if d.ownAddress(strings.ToLower(match[1]+match[2])) != "" {
				return true
			}
		}
	}
	return false
}

// findAuthor returns the author of a mail: from, unless that is a mailing list of ours or a form. A list replaces From by its own
// address if the author's domain lets nobody else send in its name (DMARC):
//
//	From: "'Ann Lee' via Help" <help@acme.test>
//
// The form on a web site may send from an address of the account, with the customer in Reply-To. It answers no mail, and
// has no token of ours: otherwise it may be our own mail that comes back. What lies among the sent mails is a colleague's.
func (d *Decoder) findAuthor(e Envelope, raw []byte, h Header, from channels.Party) channels.Party {
	if d.ownAddress(from.Key) == "" {
		return from
	}
	fields := h.All("X-Original-From")
	if len(fields) == 0 {
		fields = h.All("Reply-To")
	}
	authors := d.withoutOwn(Addresses(h.Guess, fields...))
	isForm := func() bool {
		return !e.Sent && len(References(h)) == 0 && len(Scan(d.keys, raw)) == 0
	}
	if len(authors) == 1 && (d.isOwnList(h) || isForm()) {
		return authors[0]
	}
	return from
}

// isFromOtherList reports whether a mail came through a mailing list that isn't ours. A list of ours adds each header
// once, so a second one is from another list.
func (d *Decoder) isFromOtherList(h Header) bool {
	ownHeaders := 0 // of each name
	if d.isOwnList(h) {
		ownHeaders = 1
	}
	return slices.ContainsFunc([]string{"List-Id", "List-Post", "List-Unsubscribe"}, func(name string) bool {
		return len(h.All(name)) > ownHeaders
	})
}

// automaticPrecedence returns the first value of Precedence that marks an automatic mail, or "".
func (d *Decoder) automaticPrecedence(h Header) string {
	for _, field := range h.All("Precedence") {
		precedence := strings.ToLower(strings.TrimSpace(field))
		switch precedence {
		case "bulk", "junk", "auto_reply":
			return precedence
		case "list":
			if !d.isOwnList(h) {
				return precedence
			}
		}
	}
	return ""
}
