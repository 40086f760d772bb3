package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

var recipientField = regexp.MustCompile(`name="(goes_to|copy_to)" value="([^"]+)"`)

// recipientsTest is conversation 1, to which Kim has written with a copy to Lee, and a reply of Ben's that is written but not sent.
type recipientsTest struct {
	*inboxSite

	ben   *sitetest.Visitor
	reply url.Values
}

func newRecipientsTest(t *testing.T) *recipientsTest {
	t.Helper()
	r := &recipientsTest{inboxSite: startInbox(t)}
	r.receive("support-mail", channelstest.Event{
		From:    "kim@customer.test",
		Name:    "Kim",
		Cc:      []string{"lee@customer.test"},
		Subject: "Lamp",
		Text:    "Where is it?",
	})
	r.ben = r.Visitor("ben@acme.test")
	page := r.ben.Get("/inbox/1")
	wantShown(t, "the page", page, "Goes to Kim")
	r.reply = form(page, "verb", "reply", "text", "For Kim")
	for _, field := range recipientField.FindAllStringSubmatch(page.Body, -1) {
		name, value := field[1], field[2]
		r.reply.Add(name, value)
	}
	return r
}

// send sends the reply as the page does: with files by another form.
func (r *recipientsTest) send(files ...sitetest.File) sitetest.Answer {
	if len(files) > 0 {
		return r.ben.Upload("/inbox/1/reply", r.reply, files...)
	}
	return r.ben.Post("/inbox/1", r.reply)
}

// filesOfReplies are the files of a reply with words alone, and of one with a file.
func filesOfReplies() map[string][]sitetest.File {
	return map[string][]sitetest.File{"without a file": nil, "with a file": {planFile()}}
}

// A reply goes to those whom its form showed, though somebody else has answered meanwhile.
// Requirement R-274: An inbox in the browser.
// Requirement R-257: Who gets a mail's reply.
func TestInboxReplyGoesToWhomItShows(t *testing.T) {
	t.Parallel()
	for name, files := range filesOfReplies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecipientsTest(t)
			wantTo, wantCc := []string{"kim@customer.test"}, []string{"lee@customer.test"}
			if got := r.reply["goes_to"]; !slices.Equal(got, wantTo) {
				t.Fatalf("the form is addressed to %q, want %q", got, wantTo)
			}
			if got := r.reply["copy_to"]; !slices.Equal(got, wantCc) {
				t.Fatalf("the form copies to %q, want %q", got, wantCc)
			}

			r.receive("support-mail", channelstest.Event{
				From:         "lee@customer.test",
				Name:         "Lee",
				References:   []string{"in-1"},
				Conversation: 1,
				Text:         "Ask me, not Kim",
			})
			wantStatus(t, "the reply", r.send(files...), http.StatusSeeOther)

			r.provider.WaitTexts(t, "For Kim")
			sent := r.provider.Sent()[0]
			if !slices.Equal(sent.To, wantTo) {
				t.Errorf("the reply went to %q, want %q", sent.To, wantTo)
			}
			if !slices.Equal(sent.Cc, wantCc) {
				t.Errorf("the reply was copied to %q, want %q", sent.Cc, wantCc)
			}
		})
	}
}
