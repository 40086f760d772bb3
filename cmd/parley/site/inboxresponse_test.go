package site_test

import (
	"encoding/json"

	"parley/channels"
	"parley/channels/channelstest"
)

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
