package torture

import (
	"testing"
	"time"

	"parley/cmd/parley/torture/emulators"
)

// wantNext checks which wish is granted next once the interval since the last one is over.
func (s *stimuli) wantNext(t *testing.T, want stimulus) {
	t.Helper()
	s.lastGiven = time.Now().Add(-s.interval)
	if got := s.next(); got != want {
		t.Errorf("the next wish is %q, want %q", got, want)
	}
}

// wantOpen checks whether anybody waits for a wish.
func (s *stimuli) wantOpen(t *testing.T, want bool) {
	t.Helper()
	if got := s.isAnyOpen(); got != want {
		t.Errorf("a wish is open: %t, want %t", got, want)
	}
}

// Wishes are granted in turn, one an interval, until those who made them take them back.
func TestWishes(t *testing.T) {
	t.Parallel()
	w := stimuli{interval: stimulusInterval}
	w.wantOpen(t, false)
	w.wantNext(t, "")

	takeBackFirst, takeBackSecond := w.add(stimulusBounce), w.add(stimulusMail)
	w.wantNext(t, stimulusBounce)
	if got := w.next(); got != "" {
		t.Errorf("within an interval a second wish is granted: %q", got)
	}
	w.wantNext(t, stimulusMail)
	w.wantNext(t, stimulusBounce)

	takeBackFirst()
	w.wantNext(t, stimulusMail)
	w.wantOpen(t, true)
	takeBackSecond()
	w.wantOpen(t, false)
	w.wantNext(t, "")
}

// What people are to do so that a blow meets the moment that it waits for.
func TestWishFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		harm fault
		want stimulus
	}{
		{harm: fault{Kind: faultKillBusyLane, Route: routeSMTP}, want: stimulusReplies},
		{harm: fault{Kind: faultKillBusyLane, Route: routeSlackAPI}, want: stimulusMails},
		{harm: fault{Kind: faultStopAfterClaim, Route: routePostgres}, want: stimulusReply},
		{harm: fault{Kind: faultStopAfterClaim, Route: routeSMTP}, want: stimulusReply},
		{harm: fault{Kind: faultStopAfterClaim, Route: routeTeams}, want: stimulusMail},
		{harm: fault{Kind: faultEarlyReceipt, Route: routeSMTP}, want: stimulusBounce},
		{harm: fault{Kind: faultEarlyReceipt, Route: routeSlackAPI}, want: stimulusMail},
		{harm: fault{Kind: faultLoseCommitAnswer}, want: stimulusMail},
		{harm: fault{Kind: faultLateRequest}, want: stimulusMail},
	} {
		if got := c.harm.neededStimulus(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.harm, got, c.want)
		}
	}
}

// For a wish about mail, a customer is picked who writes by mail, has a thread, and whom nobody has to leave alone.
func TestPickMailer(t *testing.T) {
	t.Parallel()
	ready, bouncing := &conversation{number: 1, root: "1"}, &conversation{number: 2, root: "2", bounces: true}
	unfit := []*conversation{
		{number: 3}, // has no thread yet
		{number: 4, root: "4", kind: emulators.BySMS},
		{number: 5, root: "5", quietUntil: time.Now().Add(time.Hour)},
	}
	d := newDriver(emulators.Client{}, Options{Mails: 90})
	d.conversations = append([]*conversation{ready, bouncing}, unfit...)
	for range 20 { // picks are random
		if got := d.pickMailConversation(false); got != ready {
			t.Fatalf("got customer %d, want %d", got.number, ready.number)
		}
		if got := d.pickMailConversation(true); got != bouncing {
			t.Fatalf("got customer %d, want %d, whose mailbox is gone", got.number, bouncing.number)
		}
	}
	d.conversations = unfit
	if got := d.pickMailConversation(false); got != nil {
		t.Errorf("got customer %d, want none", got.number)
	}
}

// Nothing leaves from a resolved conversation, so its customer writes before an agent replies.
func TestReplyFor(t *testing.T) {
	t.Parallel()
	d, recorder := newTestDriver(t, Options{Mails: 90})
	d.conversations = []*conversation{{number: 1, root: "1", untilReopened: 2}}
	for i, card := range []string{"Case 001", "Case 001", "Case 001 Resolved"} {
		recorder.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "`+card+`"}]`)
		if done, err := d.replyStimulus(t.Context(), 1, false); !done || err != nil {
			t.Fatalf("card %q: replyFor: got %t, %v; want true", card, done, err)
		}
		if d.counts.Mails != i+1 || d.counts.Replies != 0 {
			t.Errorf("card %q: got %d mails and %d replies, want %d and 0", card, d.counts.Mails, d.counts.Replies, i+1)
		}
	}
	recorder.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "Case 001"}]`)
	if _, err := d.replyStimulus(t.Context(), 1, false); err != nil {
		t.Fatal(err)
	}
	if d.counts.Replies != 1 {
		t.Errorf("got %d replies in a conversation that was reopened, want 1; the emulators were asked for %v", d.counts.Replies, recorder.asks)
	}
}

// In each world, however small, some customers write mails, and the mailbox of at least one of them is gone, but not of all: blows
// wait for both.
func TestTalks(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Chats: true}, {Teams: true}, {Mails: 2000, Chats: true}} {
		mailers, bounces := 0, 0
		for _, talk := range newDriver(emulators.Client{}, o).conversations {
			if talk.kind == emulators.ByMail {
				mailers++
			}
			if talk.bounces {
				bounces++
			}
		}
		if bounces == 0 || mailers <= bounces {
			t.Errorf("%+v: %d customers write mails, and the mailboxes of %d are gone; want at least one, and fewer than write", o, mailers, bounces)
		}
	}
}
