package inbound

import (
	"regexp"
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

// posting matches the addresses to which one writes to a list.
var posting = regexp.MustCompile(`(?i)mailto:([^>?,\s]+)|^\s*list\s+([^;,\s]+)`)

// ownList reports whether a mail came by a mailing list with an address of the account.
func (d *Decoder) ownList(h rawmail.Header) bool {
	for _, name := range []string{"List-Post", "Mailing-List"} {
		for _, v := range h.All(name) {
			for _, found := range posting.FindAllStringSubmatch(v[:min(len(v), 1000)], 10) {
				if d.ownAddress(strings.ToLower(found[1]+found[2])) != "" {
					return true
				}
			}
		}
	}
	return false
}

// author returns who wrote a mail. It is the sender, unless that is a mailing list of ours, which puts its own
// address there where the author's domain allows nobody else to send in its name (DMARC):
// From: "'Ann Lee' via Help" <help@acme.test>
func (d *Decoder) author(h rawmail.Header, from channels.Party) channels.Party {
	if d.ownAddress(from.Key) == "" || !d.ownList(h) {
		return from
	}
	told := h.All("X-Original-From")
	if len(told) == 0 {
		told = h.All("Reply-To")
	}
	if list := d.withoutOwn(rawmail.Addresses(h.Guess, told...)); len(list) == 1 {
		return list[0]
	}
	return from
}

// viaList reports whether a mail came by a mailing list that isn't one of ours. Of each header of a list,
// ours writes one.
func (d *Decoder) viaList(h rawmail.Header) bool {
	most := 0
	if d.ownList(h) {
		most = 1
	}
	return len(h.All("List-Id")) > most || len(h.All("List-Post")) > most || len(h.All("List-Unsubscribe")) > most
}

// precedence returns the value of Precedence that shows that nobody wrote a mail; "" if there is none.
func (d *Decoder) precedence(h rawmail.Header) string {
	for _, v := range h.All("Precedence") {
		switch v = strings.ToLower(strings.TrimSpace(v)); v {
		case "bulk", "junk", "auto_reply":
			return v
		case "list":
			if !d.ownList(h) {
				return v
			}
		}
	}
	return ""
}
