package torture

import (
	"testing"
	"time"

	"parley/cmd/parley/torture/world"
)

// wantNext checks which wish is granted next once the interval since the last one is over.
func (w *wishes) wantNext(t *testing.T, want wish) {
	t.Helper()
	w.granted = time.Now().Add(-w.interval)
	if got := w.next(); got != want {
		t.Errorf("the next wish is %q, want %q", got, want)
	}
}

// wantOpen checks whether anybody waits for a wish.
func (w *wishes) wantOpen(t *testing.T, want bool) {
	t.Helper()
	if got := w.isAnyOpen(); got != want {
		t.Errorf("a wish is open: %t, want %t", got, want)
	}
}

// Wishes are granted in turn, one an interval, until those who made them take them back.
func TestWishes(t *testing.T) {
	t.Parallel()
	w := wishes{interval: grantInterval}
	w.wantOpen(t, false)
	w.wantNext(t, "")

	takeBackFirst, takeBackSecond := w.add(wishBack), w.add(wishMail)
	w.wantNext(t, wishBack)
	if got := w.next(); got != "" {
		t.Errorf("within an interval a second wish is granted: %q", got)
	}
	w.wantNext(t, wishMail)
	w.wantNext(t, wishBack)

	takeBackFirst()
	w.wantNext(t, wishMail)
	w.wantOpen(t, true)
	takeBackSecond()
	w.wantOpen(t, false)
	w.wantNext(t, "")
}

// What people are to do so that a blow meets the moment that it waits for.
func TestWishFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		harm harm
		want wish
	}{
		{harm: harm{Name: harmLaneKill, Way: waySMTP}, want: wishReplies},
		{harm: harm{Name: harmLaneKill, Way: waySlack}, want: wishMails},
		{harm: harm{Name: harmClaimStop, Way: wayBase}, want: wishReply},
		{harm: harm{Name: harmClaimStop, Way: waySMTP}, want: wishReply},
		{harm: harm{Name: harmClaimStop, Way: wayTeams}, want: wishMail},
		{harm: harm{Name: harmEarly, Way: waySMTP}, want: wishBack},
		{harm: harm{Name: harmEarly, Way: waySlack}, want: wishMail},
		{harm: harm{Name: harmCommit}, want: wishMail},
		{harm: harm{Name: harmLate}, want: wishMail},
	} {
		if got := c.harm.wishFor(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.harm, got, c.want)
		}
	}
}

// For a wish about mail, a customer is picked who writes by mail, has a thread, and whom nobody has to leave alone.
func TestPickMailer(t *testing.T) {
	t.Parallel()
	ready, bouncing := &talk{conv: 1, root: "1"}, &talk{conv: 2, root: "2", bounces: true}
	unfit := []*talk{
		{conv: 3}, // has no thread yet
		{conv: 4, root: "4", kind: world.BySMS},
		{conv: 5, root: "5", quietUntil: time.Now().Add(time.Hour)},
	}
	d := newDriver(world.Wire{}, Options{Mails: 90})
	d.talks = append([]*talk{ready, bouncing}, unfit...)
	for range 20 { // picks are random
		if got := d.pickMailer(false); got != ready {
			t.Fatalf("got customer %d, want %d", got.conv, ready.conv)
		}
		if got := d.pickMailer(true); got != bouncing {
			t.Fatalf("got customer %d, want %d, whose mailbox is gone", got.conv, bouncing.conv)
		}
	}
	d.talks = unfit
	if got := d.pickMailer(false); got != nil {
		t.Errorf("got customer %d, want none", got.conv)
	}
}

// Nothing leaves from a resolved conversation, so its customer writes before an agent replies.
func TestReplyFor(t *testing.T) {
	t.Parallel()
	d, emulators := newTestDriver(t, Options{Mails: 90})
	d.talks = []*talk{{conv: 1, root: "1", untilReopened: 2}}
	for i, card := range []string{"Case 001", "Case 001", "Case 001 Resolved"} {
		emulators.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "`+card+`"}]`)
		if done, err := d.replyFor(t.Context(), 1, false); !done || err != nil {
			t.Fatalf("card %q: replyFor: got %t, %v; want true", card, done, err)
		}
		if d.counted.Mails != i+1 || d.counted.Replies != 0 {
			t.Errorf("card %q: got %d mails and %d replies, want %d and 0", card, d.counted.Mails, d.counted.Replies, i+1)
		}
	}
	emulators.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "Case 001"}]`)
	if _, err := d.replyFor(t.Context(), 1, false); err != nil {
		t.Fatal(err)
	}
	if d.counted.Replies != 1 {
		t.Errorf("got %d replies in a conversation that was reopened, want 1; the emulators were asked for %v", d.counted.Replies, emulators.asks)
	}
}

// In each world, however small, some customers write mails, and the mailbox of at least one of them is gone, but not of all: blows
// wait for both.
func TestTalks(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Chats: true}, {Teams: true}, {Mails: 2000, Chats: true}} {
		mailers, bounces := 0, 0
		for _, talk := range newDriver(world.Wire{}, o).talks {
			if talk.kind == world.ByMail {
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
