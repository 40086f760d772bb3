package site_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/storetest"
)

// agePendingLooks makes Parley give up looking for messages whose answers were lost: a look is due, and the attempt
// was long ago.
const agePendingLooks = `
	WITH still AS (SELECT id FROM lanes WHERE leased_until IS NULL FOR UPDATE SKIP LOCKED), -- Parley locks lanes first, too
		aged AS (UPDATE deliveries SET sent_at = sent_at - interval '1 hour', first_at = first_at - interval '1 hour'
			WHERE state = 'unknown' AND lane_id IN (SELECT id FROM still) RETURNING lane_id)
	UPDATE lanes SET due_at = parley_now() WHERE id IN (SELECT lane_id FROM aged) AND due_at IS NOT NULL`

// stuckTest is an inbox with replies that wait for an admin's decision. It is unknown whether the replies One and Two
// arrived. The reply Three was refused.
type stuckTest struct {
	*inboxSite

	ann             *sitetest.Visitor // an admin
	one, two, three stuckReply
}

// stuckReply is what the page about stuck replies knows of one.
type stuckReply struct {
	path    string // to which the decision is sent
	attempt int    // after which it is made
}

func newStuckTest(t *testing.T) *stuckTest {
	t.Helper()
	s := &stuckTest{inboxSite: startInbox(t)}
	s.ann = s.Visitor("ann@acme.test")
	s.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1}) // it never says whether it has a message
	s.reply(1, "One", channelstest.Fault{Kind: channelstest.FaultDropAfter})
	s.reply(2, "Two", channelstest.Fault{Kind: channelstest.FaultDropAfter})
	s.reply(3, "Three", channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadRecipient})
	s.waitFor("the replies wait for a decision", func() bool {
		storetest.Exec(t, s.Pool, agePendingLooks)
		return s.count(`SELECT count(*) FROM messages WHERE fate IN ('unclear', 'failed')`) == 3
	})
	s.one, s.two, s.three = s.findReply(1), s.findReply(2), s.findReply(3)
	return s
}

// reply lets a customer open a conversation, and Ben answer with a text that the provider handles by a fault.
func (s *stuckTest) reply(conversation int, text string, f channelstest.Fault) {
	s.T.Helper()
	customer := fmt.Sprintf("kim%d@customer.test", conversation)
	s.receive("support-mail", channelstest.Event{From: customer, Name: customer, Subject: "Lamp", Text: "Where is it?"})
	f.Text = text
	s.provider.AddFault(f)
	ben, path := s.Visitor("ben@acme.test"), fmt.Sprintf("/inbox/%d", conversation)
	ben.Post(path, form(ben.Get(path), "verb", "reply", "text", text))
}

func (s *stuckTest) findReply(conversation int) stuckReply {
	s.T.Helper()
	const ofConversation = `
		FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
		WHERE m.conversation_id = $1 AND d.kind = 'reply'`
	return stuckReply{
		path:    fmt.Sprintf("/settings/stuck/%d/decide", s.count(`SELECT d.id::int`+ofConversation, conversation)),
		attempt: s.count(`SELECT d.attempt`+ofConversation, conversation),
	}
}

// decide sends the decision of somebody as the page does.
func (r stuckReply) decide(v *sitetest.Visitor, verb bridge.Verb) sitetest.Answer {
	return v.Post(r.path, url.Values{"verb": {string(verb)}, "attempt": {fmt.Sprint(r.attempt)}})
}

// waitForAllOut waits until all three replies have left, or are marked as sent.
func (s *stuckTest) waitForAllOut() {
	s.T.Helper()
	s.waitFor("all replies are out", func() bool { return s.count(`SELECT count(*) FROM messages WHERE fate = 'out'`) == 3 })
}

// decideAll sends One and Three again, and marks Two as sent.
func (s *stuckTest) decideAll() {
	s.T.Helper()
	s.one.decide(s.ann, bridge.VerbSendAgain)
	s.two.decide(s.ann, bridge.VerbMarkSent)
	s.three.decide(s.ann, bridge.VerbSendAgain)
	s.waitForAllOut()
}

// A reply that is sent again reaches the customer once more, and one that is marked as sent doesn't. The log and a
// line in the thread say who decided.
// Requirement R-274: An inbox in the browser.
func TestStuckReplies(t *testing.T) {
	t.Parallel()
	s := newStuckTest(t)
	s.decideAll()

	got := map[string]int{}
	for _, text := range s.provider.Texts() {
		got[text]++
	}
	if want := map[string]int{"One": 2, "Two": 1, "Three": 1}; !maps.Equal(got, want) {
		t.Errorf("the customers got %v, want %v", got, want)
	}
	const deedsOfAnn = `
		SELECT count(*) FROM log_entries AS l JOIN agents AS a ON a.id = l.agent_id
		WHERE l.what = $1 AND a.email = 'ann@acme.test'`
	if n := s.count(deedsOfAnn, store.DeedSentAgain); n != 2 {
		t.Errorf("the log says %d times that Ann sent a reply again, want 2", n)
	}
	if n := s.count(deedsOfAnn, store.DeedMarkedSent); n != 1 {
		t.Errorf("the log says %d times that Ann marked a reply as sent, want 1", n)
	}
	if n := s.count(`SELECT count(*) FROM deliveries WHERE payload::text LIKE '%Ann Lee%'`); n == 0 {
		t.Error("no thread has a line that says who decided")
	}
}

// Requirement R-211: Roles.
// Requirement R-274: An inbox in the browser.
func TestStuckRepliesAreForAdmins(t *testing.T) {
	t.Parallel()
	s := newStuckTest(t)
	wantStatus(t, "an agent decides", s.one.decide(s.Visitor("ben@acme.test"), bridge.VerbSendAgain), http.StatusForbidden)
}

// Each reply is decided about once: another decision from an old page is refused.
// Requirement R-274: An inbox in the browser.
func TestStuckReplyIsDecidedOnce(t *testing.T) {
	t.Parallel()
	s := newStuckTest(t)
	s.decideAll()
	for _, reply := range []stuckReply{s.one, s.two, s.three} {
		wantStatus(t, reply.path+", from an old page", reply.decide(s.ann, bridge.VerbSendAgain), http.StatusNotFound)
	}
}
