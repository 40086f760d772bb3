package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// unclear lets Parley look for messages whose answers were lost until it gives up: a look is due, and the attempt long ago.
const unclear = `
	WITH still AS (SELECT id FROM lanes WHERE leased_until IS NULL FOR UPDATE SKIP LOCKED), -- Parley locks lanes first, too
		aged AS (UPDATE deliveries SET sent_at = sent_at - interval '1 hour', first_at = first_at - interval '1 hour'
			WHERE state = 'unknown' AND lane_id IN (SELECT id FROM still) RETURNING lane_id)
	UPDATE lanes SET due_at = parley_now() WHERE id IN (SELECT lane_id FROM aged) AND due_at IS NOT NULL`

// What nobody knows to have arrived, and what was refused, is sent again or marked as sent from the page, by the same
// act as in its thread: once, however often it is pressed, in the log with who did it; an agent can't, and an old page
// counts for nothing.
//
func TestStuckReplies(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	for i := range 3 {
		who := fmt.Sprintf("kim%d@customer.test", i+1)
		s.receive("support-mail", channelstest.Event{From: who, Name: who, Subject: "Lamp", Text: "Where is it?"})
	}
	ann, ben := s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	says := func(conversation int, text string, f channelstest.Fault) {
		f.Text = text
		s.provider.AddFault(f)
		page := ben.Get(fmt.Sprintf("/inbox/%d", conversation))
		ben.Post(fmt.Sprintf("/inbox/%d", conversation), form(page, "verb", "reply", "text", text))
	}
	s.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	says(1, "One", channelstest.Fault{Kind: channelstest.FaultDropAfter})
	says(2, "Two", channelstest.Fault{Kind: channelstest.FaultDropAfter})
	says(3, "Three", channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadRecipient})
	s.waitFor("they stand still", func() bool {
		if _, err := s.Pool.Exec(t.Context(), unclear); err != nil {
			t.Fatal(err)
		}
		return s.count(`SELECT count(*) FROM messages WHERE fate IN ('unclear', 'failed')`) == 3
	})
	decide := func(conversation int) (path string, form func(bridge.Verb) url.Values) {
		var delivery, attempt int
		if err := s.Pool.QueryRow(t.Context(), `
			SELECT d.id, d.attempt FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id WHERE m.conversation_id = $1 AND d.kind = 'reply'`,
			conversation).Scan(&delivery, &attempt); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("/settings/stuck/%d/decide", delivery), func(verb bridge.Verb) url.Values {
			return url.Values{"verb": {string(verb)}, "attempt": {fmt.Sprint(attempt)}}
		}
	}
	one, first := decide(1)
	two, second := decide(2)
	three, third := decide(3)
	if a := ben.Post(one, first(bridge.VerbSendAgain)); a.Status != http.StatusForbidden {
		t.Errorf("an agent decides: %d", a.Status)
	}
	if a := ann.Post(three, third(bridge.VerbMarkSent)); a.Status != http.StatusConflict {
		t.Errorf("what was refused is marked as sent: %d", a.Status)
	}
	b := s.Browser("ann@acme.test")
	b.Open("/settings/stuck")
	b.Shows("May have arrived")
	b.Shows("Refused The provider refused it: status 422")
	b.Looks("stuck-replies")
	b.Value("window.confirm = () => true, ''")
	b.Press("form[action='" + one + "'] button[value=sendagain]")
	b.Shows("It is sent again.")
	b.Press("form[action='" + two + "'] button[value=marksent]")
	b.Shows("It is marked as sent.")
	b.Press("form[action='" + three + "'] button[value=sendagain]")
	b.Shows("Nothing waits for a decision.")
	for path, old := range map[string]url.Values{one: first(bridge.VerbSendAgain), two: second(bridge.VerbSendAgain), three: third(bridge.VerbSendAgain)} {
		if a := ann.Post(path, old); a.Status != http.StatusNotFound {
			t.Errorf("%s, from an old page: %d", path, a.Status)
		}
	}
	s.waitFor("all left", func() bool { return s.count(`SELECT count(*) FROM messages WHERE fate = 'out'`) == 3 })
	got := map[string]int{}
	for _, text := range s.provider.Texts() {
		got[text]++
	}
	if got["One"] != 2 || got["Two"] != 1 || got["Three"] != 1 {
		t.Errorf("the customers got %v", got)
	}
	for what, n := range map[store.Deed]int{store.DeedSentAgain: 2, store.DeedMarkedSent: 1} {
		if found := s.count(`SELECT count(*) FROM log_entries AS l JOIN agents AS a ON a.id = l.agent_id WHERE l.what = $1 AND a.email = 'ann@acme.test'`, what); found != n {
			t.Errorf("the log tells of %d × %s, want %d", found, what, n)
		}
	}
	if line := s.count(`SELECT count(*) FROM deliveries WHERE payload::text LIKE '%Ann Lee%'`); line == 0 {
		t.Error("no thread is told who decided")
	}
	// It may be refused once more: what an admin saw before that counts for nothing.
	for _, sql := range []string{`UPDATE deliveries SET state = 'failed' WHERE id = ` + strings.Split(three, "/")[3], `UPDATE messages SET fate = 'failed' WHERE conversation_id = 3 AND fate = 'out'`} {
		if _, err := s.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if a := ann.Post(three, third(bridge.VerbSendAgain)); a.Status != http.StatusConflict || !a.Has("sent again meanwhile") {
		t.Errorf("about an earlier attempt: %d", a.Status)
	}
}
