package inbound

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// An account's address may be a mailing list itself: a Google group, for example, that passes customers' mails
// on to the mailbox. Its headers say nothing about who wrote a mail.
//
// Source: RFC 2369, section 3.4 (List-Post); mails of Google Groups in public archives, read 2026-11:
//
//	Precedence: list
//	Mailing-list: list help@acme.test; contact help+owners@acme.test
//	List-Post: <https://groups.google.com/a/acme.test/group/help/post>, <mailto:help@acme.test>
//	X-Original-From: Ann Lee <ann@customer.test>

// listAddress matches the addresses to which one writes to a list.
var listAddress = regexp.MustCompile(`(?i)mailto:([^>?,\s]+)|^\s*list\s+([^;,\s]+)`)

// isOwnList reports whether a mail came by a mailing list with an address of the account.
func (d *Decoder) isOwnList(h rawmail.Header) bool {
	const maxBytes, maxFound = 1000, 10 // of one field: a list has few addresses
	for _, name := range []string{"List-Post", "Mailing-List"} {
		for _, v := range h.All(name) {
			for _, found := range listAddress.FindAllStringSubmatch(v[:min(len(v), maxBytes)], maxFound) {
				if d.ownAddress(strings.ToLower(found[1]+found[2])) != "" {
					return true
				}
			}
		}
	}
	return false
}

// findAuthor returns who wrote a mail: the sender, unless that is a mailing list of ours. A list puts its own
// address there if the author's domain allows nobody else to send in its name (DMARC):
// From: "'Ann Lee' via Help" <help@acme.test>
func (d *Decoder) findAuthor(h rawmail.Header, from channels.Party) channels.Party {
	if d.ownAddress(from.Key) == "" || !d.isOwnList(h) {
		return from
	}
	fields := h.All("X-Original-From")
	if len(fields) == 0 {
		fields = h.All("Reply-To")
	}
	if authors := d.withoutOwn(rawmail.Addresses(h.Guess, fields...)); len(authors) == 1 {
		return authors[0]
	}
	return from
}

// isFromOtherList reports whether a mail came by a mailing list that isn't one of ours. A list of ours writes
// each header of lists once; more of one are from another list.
func (d *Decoder) isFromOtherList(h rawmail.Header) bool {
	own := 0 // how many of each header are ours
	if d.isOwnList(h) {
		own = 1
	}
	return slices.ContainsFunc([]string{"List-Id", "List-Post", "List-Unsubscribe"}, func(name string) bool {
		return len(h.All(name)) > own
	})
}

// automaticPrecedence returns the value of Precedence that shows that no person wrote a mail, or "" if there is none.
func (d *Decoder) automaticPrecedence(h rawmail.Header) string {
	for _, v := range h.All("Precedence") {
		switch v = strings.ToLower(strings.TrimSpace(v)); v {
		case "bulk", "junk", "auto_reply":
			return v
		case "list":
			if !d.isOwnList(h) {
				return v
			}
		}
	}
	return ""
}
