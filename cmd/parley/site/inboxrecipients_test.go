package site_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

var shownRecipient = regexp.MustCompile(`name="(goes_to|copy_to)" value="([^"]+)"`)

// A reply that is written on the page goes to those whom its form showed, with files and without, though somebody else has
// answered meanwhile. What is no address is refused.
//
func TestInboxReplyGoesToWhomItShows(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]sitetest.File{"words": nil, "a file": {{Name: "plan.txt", Type: "text/plain", Content: []byte("the plan")}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startInbox(t)
			s.writes("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Cc: []string{"lee@customer.test"}, Subject: "Lamp", Text: "Where is it?"})
			ben := s.Visitor("ben@acme.test")
			page := ben.Get("/inbox/1")
			reply := form(page, "verb", "reply", "text", "For Kim")
			for _, shown := range shownRecipient.FindAllStringSubmatch(page.Body, -1) {
				reply.Add(shown[1], shown[2])
			}
			if !page.Has("Goes to Kim") || !slices.Equal(reply["goes_to"], []string{"kim@customer.test"}) || !slices.Equal(reply["copy_to"], []string{"lee@customer.test"}) {
				t.Fatalf("the page shows %v\n%s", reply, page.Body)
			}
			s.writes("support-mail", channelstest.Event{From: "lee@customer.test", Name: "Lee", References: []string{"in-1"}, Conversation: 1, Text: "Ask me, not Kim"})
			hand := func() sitetest.Answer {
				if files != nil {
					return ben.Upload("/inbox/1/reply", reply, files...)
				}
				return ben.Post("/inbox/1", reply)
			}
			odd := reply["goes_to"]
			reply["goes_to"] = []string{"kim@customer.test, eve@customer.test"}
			if a := hand(); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("two addresses in one: %d", a.Status)
			}
			reply["goes_to"] = odd
			if a := hand(); a.Status != http.StatusSeeOther {
				t.Fatalf("the reply: %d\n%s", a.Status, a.Body)
			}
			s.provider.WaitTexts(t, "For Kim")
			if m := s.provider.Sent()[0]; !slices.Equal(m.To, []string{"kim@customer.test"}) || !slices.Equal(m.Cc, []string{"lee@customer.test"}) {
				t.Errorf("%q went to %q, copy %q", m.Text, m.To, m.Cc)
			}
		})
	}
}
