package site_test

import (
	"encoding/json"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
)

// The page of a conversation shows, as text, which message another one answers, and the emoji that the customer put on one.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsQuotesAndReactions(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.receive("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria", Text: "Where is <my> lamp?"})
	s.receive("support-mail", channelstest.Event{
		From: "maria@customer.test", Name: "Maria", Text: "The blue one.", Conversation: 1, Answered: "in-1",
	})
	ben := s.Visitor("ben@acme.test")
	before := ben.Get("/inbox/1")
	wantShown(t, "the page", before, "In answer to their own “Where is &lt;my&gt; lamp?”")
	wantHidden(t, "the page", before, "reacted")

	s.react("support-mail", "maria@customer.test", "in-1", "🙏<b>")

	wantShown(t, "the page after the reaction", ben.Get("/inbox/1"), "Maria reacted 🙏&lt;b&gt;")
}

// react lets a customer put an emoji on a message, and waits until it is kept.
func (s *inboxSite) react(account, customer, message, emoji string) {
	s.T.Helper()
	body := must(json.Marshal(channelstest.Event{Type: "reaction", From: customer, Target: message, Emoji: emoji}))(s.T)
	for _, a := range s.engine.Accounts() {
		if a.Name == account {
			fact := channels.Fact{ExternalID: "reaction:" + message, OrderKey: customer, Payload: body}
			check(s.T, s.engine.Accept(s.T.Context(), a.ID, fact))
		}
	}
	s.waitFor("the reaction is kept", func() bool { return s.count(`SELECT count(*) FROM reactions WHERE emoji = $1`, emoji) == 1 })
}
