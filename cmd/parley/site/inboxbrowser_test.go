package site_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"parley/channels/channelstest"
	"parley/channels/emulator"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// mariaWrites lets the customer's first mail come: conversation 1.
func mariaWrites(s *inboxSite) {
	s.T.Helper()
	s.receive("support-mail", channelstest.Event{
		From:    "maria@customer.test",
		Name:    "Maria Rossi",
		Cc:      []string{"paolo@customer.test"},
		Subject: "Where is my lamp?",
		Text:    "Hello,\n\nI ordered a lamp two weeks ago. Where is it?\n\nMaria",
		HTML:    "<p>Hello</p>",
		Files:   []channelstest.File{{Name: "order.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4")}},
	})
}

// mariaAdds lets another message of the customer come.
func mariaAdds(s *inboxSite, text string) {
	s.T.Helper()
	s.receive("support-mail", channelstest.Event{
		From:         "maria@customer.test",
		Name:         "Maria Rossi",
		Cc:           []string{"paolo@customer.test"}, // without, a reply that was begun before would be refused: he gets none any more
		Conversation: 1,
		Text:         text,
	})
}

// addNote writes a note on the page of a conversation.
func addNote(b *sitetest.Browser, text string) {
	b.Press(".say summary")
	b.Write("#note", text)
	b.Press(".say details button, details.say button")
}

// In a browser the lists and the conversation bring themselves up to date, and fit on a phone, in both themes.
// Requirement R-274: An inbox in the browser.
func TestInboxInBrowser(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox?list=unassigned")
	b.Shows("Nothing is here.")
	b.Looks("inbox-none")

	mariaWrites(s)
	b.Shows("Maria Rossi")
	b.Shows("Unassigned 1")
	storetest.Exec(t, s.Pool, `UPDATE conversations
		SET traits = jsonb_build_object('name', $1::text, 'urgent', 'now', 'sentiment', 'frustrated', 'was', 'negative'),
		tags = '{Escalated,Follow-up Required,Billing,VIP Customer}' || ARRAY(SELECT $2 || n FROM generate_series(1, 16) AS n)`,
		"Rossi & Söhne "+strings.Repeat("Leuchten", 5), strings.Repeat("langer", 8)+" Tag ")
	b.Shows("Looks urgent")
	b.Press(".more summary")
	b.Looks("inbox-list")

	b.Press("#all")
	b.Press("#several button[value=take]")
	b.Shows("1 taken")
	b.Looks("inbox-several")
	b.Press("#became button")
	b.Shows("1 put back")
	b.Press(".row a")
	b.Shows("I ordered a lamp two weeks ago.")

	addNote(b, "The depot was closed on Friday.")
	b.Shows("The depot was closed on Friday.")
	mariaAdds(s, "مرحبا، هل من أخبار؟ "+strings.Repeat("verylongword", 20))
	b.Shows("مرحبا")
	b.Looks("inbox-thread")
	storetest.Exec(t, s.Pool, `UPDATE conversations SET status = 'closed', close_reason = 'archived', resolved_at = now(), waiting_since = NULL`)
	b.Open("/inbox?list=archived")
	b.Shows("Rossi")
	b.Looks("archived")
}

// maxStreams is how many streams one agent may have open for one conversation.
const maxStreams = 8

// openStreams opens streams of conversation 1 for one agent. They are closed when the test ends.
func openStreams(t *testing.T, s *inboxSite, count int) []*http.Response {
	t.Helper()
	cookie := s.Visitor("ben@acme.test").Cookie()
	client := emulator.NewClient()
	client.Timeout = 0 // a stream stays open
	var streams []*http.Response
	for range count {
		r := must(http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.URL+"/inbox/live?conversation=1", nil))(t)
		r.AddCookie(cookie)
		stream := must(client.Do(r))(t)
		t.Cleanup(func() { _ = stream.Body.Close() })
		streams = append(streams, stream)
	}
	return streams
}

// An agent may have only a few streams open for one conversation. Pages learn of changes by these streams.
func TestInboxStreamsAreFew(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	for i, stream := range openStreams(t, s, maxStreams+1) {
		want := http.StatusOK
		if i >= maxStreams {
			want = http.StatusServiceUnavailable
		}
		if stream.StatusCode != want {
			t.Errorf("stream %d: status %d, want %d", i+1, stream.StatusCode, want)
		}
	}
}

// A stream tells of a change.
func TestInboxStreamTellsOfChange(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	lines := bufio.NewScanner(openStreams(t, s, 1)[0].Body)
	waitForData := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") {
				return
			}
		}
		t.Fatalf("the stream ended before it told of %s: %v", what, lines.Err())
	}
	waitForData("how the conversation is at first")
	mariaAdds(s, "More")
	waitForData("the new message")
}
