package mailfake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// openSearched opens an inbox of four mails. The second is seen and has a keyword; the fourth is long, nine days old and has a subject
// outside ASCII.
func openSearched(t *testing.T) *imapclient.Client {
	t.Helper()
	s := start(t)
	c := openInbox(t, s, 3, nil)
	_, err := s.Customer(ann).Send(mailfake.Mail{
		To:        []string{support},
		Subject:   "Grüße",
		Text:      strings.Repeat("lang ", 500),
		MessageID: "<special@x.test>",
		Date:      clock.AddDate(0, 0, -9),
	})
	noError(t, err)
	noError(t, c.Noop().Wait())
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen, "$Mine"}, Silent: true}
	noError(t, c.Store(imap.UIDSetNum(2), flags, nil).Close())
	return c
}

// from returns the UIDs from one on: UID:*.
func from(uid imap.UID) []imap.UIDSet {
	var set imap.UIDSet
	set.AddRange(uid, 0)
	return []imap.UIDSet{set}
}

// hasField asks for mails with a header field that contains a value.
func hasField(name, value string) imap.SearchCriteria {
	return imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: name, Value: value}}}
}

// SEARCH finds mails by each of the criteria that Parley uses.
func TestSearch(t *testing.T) {
	t.Parallel()
	seen := []imap.Flag{imap.FlagSeen}
	large := imap.SearchCriteria{Larger: 2000}
	tests := []struct {
		name     string
		criteria imap.SearchCriteria
		want     []imap.UID
	}{
		{name: "all", want: []imap.UID{1, 2, 3, 4}},
		{name: "3:*", criteria: imap.SearchCriteria{UID: from(3)}, want: []imap.UID{3, 4}},
		{name: "90:* gives the highest", criteria: imap.SearchCriteria{UID: from(90)}, want: []imap.UID{4}},
		{name: "sequence number", criteria: imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(2)}}, want: []imap.UID{2}},

		{name: "seen", criteria: imap.SearchCriteria{Flag: seen}, want: []imap.UID{2}},
		{name: "unseen", criteria: imap.SearchCriteria{NotFlag: seen}, want: []imap.UID{1, 3, 4}},
		{name: "keyword in another case", criteria: imap.SearchCriteria{Flag: []imap.Flag{"$mine"}}, want: []imap.UID{2}},

		{name: "message id", criteria: hasField("message-id", "<special@x.test>"), want: []imap.UID{4}},
		{name: "decoded subject", criteria: hasField("Subject", "grüße"), want: []imap.UID{4}},
		{name: "field that no mail has", criteria: hasField("X-None", ""), want: nil},
		{name: "body", criteria: imap.SearchCriteria{Body: []string{"text of mail 3"}}, want: []imap.UID{3}},
		{name: "text", criteria: imap.SearchCriteria{Text: []string{"subject: mail 1"}}, want: []imap.UID{1}},

		{name: "larger", criteria: large, want: []imap.UID{4}},
		{name: "smaller", criteria: imap.SearchCriteria{Smaller: 2000}, want: []imap.UID{1, 2, 3}},
		{name: "sent before", criteria: imap.SearchCriteria{SentBefore: clock.AddDate(0, 0, -5)}, want: []imap.UID{4}},
		{name: "arrived since", criteria: imap.SearchCriteria{Since: clock}, want: []imap.UID{1, 2, 3, 4}},
		{name: "arrived since tomorrow", criteria: imap.SearchCriteria{Since: clock.AddDate(0, 0, 1)}, want: nil},

		{name: "not", criteria: imap.SearchCriteria{Not: []imap.SearchCriteria{large}}, want: []imap.UID{1, 2, 3}},
		{name: "or", criteria: imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{large, {Flag: seen}}}}, want: []imap.UID{2, 4}},
	}
	c := openSearched(t)
	for _, tt := range tests {
		got, err := c.UIDSearch(&tt.criteria, nil).Wait()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !slices.Equal(got.AllUIDs(), tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got.AllUIDs(), tt.want)
		}
	}
}

// ESEARCH tells the first and the last mail, and how many there are.
func TestExtendedSearch(t *testing.T) {
	t.Parallel()
	asked := &imap.SearchOptions{ReturnMin: true, ReturnMax: true, ReturnCount: true}
	got, err := openSearched(t).Search(&imap.SearchCriteria{Larger: 2000}, asked).Wait()
	noError(t, err)
	wantEqual(t, "MIN", got.Min, 4)
	wantEqual(t, "MAX", got.Max, 4)
	wantEqual(t, "COUNT", got.Count, 1)
}
