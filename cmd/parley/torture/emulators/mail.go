package emulators

import (
	"context"
	"slices"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/torture/checker"
)

// MarkersOf returns the markers of all that a customer can read in a mail. Text and HTML are one text in two forms, of
// which mail programs show one.
func MarkersOf(m mailfake.Received) []checker.Marker {
	body, html := checker.MarkersIn(m.Text), checker.MarkersIn(m.HTML)
	for _, found := range checker.Distinct(html) {
		for range checker.Count(html, found) - checker.Count(body, found) {
			body = append(body, found)
		}
	}
	all := append(checker.MarkersIn(m.Subject), body...)
	for _, a := range m.Attachments {
		all = append(all, checker.MarkersIn(a.Name+"\n"+string(a.Content))...)
	}
	return all
}

// EndWordsOf returns the ends (see checker.EndWordsIn) that each form of a mail's text has.
func EndWordsOf(m mailfake.Received) []string {
	body, html := checker.EndWordsIn(m.Text), checker.EndWordsIn(m.HTML)
	if m.HTML == "" {
		return body
	}
	return slices.DeleteFunc(html, func(end string) bool { return m.Text != "" && !slices.Contains(body, end) })
}

// HasReceived reports whether a customer has a reply, by mail or by phone.
func (c Client) HasReceived(ctx context.Context, kind ChatKind, conv int, reply checker.Marker) (bool, error) {
	if kind == ByMail {
		inbox, err := c.ReadFolder(ctx, CustomerAddress(conv), "INBOX")
		return slices.ContainsFunc(inbox, func(m mailfake.Received) bool { return slices.Contains(MarkersOf(m), reply) }), err
	}
	phone, err := c.ReadPhone(ctx, kind, conv)
	return slices.ContainsFunc(phone.Received, func(m phoneMessage) bool { return slices.Contains(checker.MarkersIn(m.Text), reply) }), err
}
