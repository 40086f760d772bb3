package torture

import (
	"testing"
	"time"

	"parley/cmd/parley/torture/world"
)

// TestWishes: whoever waits is served in turn, not too often, until it waits no more.
func TestWishes(t *testing.T) {
	t.Parallel()
	w := wishes{interval: grantInterval}
	if w.isAnyOpen() || w.next() != "" {
		t.Error("there is a wish that nobody made")
	}
	first, second := w.add(wishBack), w.add(wishMail)
	for i, want := range []wish{wishBack, "", wishMail, "", wishBack} {
		if got := w.next(); got != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
		if want == "" {
			w.granted = time.Now().Add(-grantInterval)
		}
	}
	first()
	if w.granted = (time.Time{}); w.next() != wishMail || !w.isAnyOpen() {
		t.Error("the other wish is gone")
	}
	second()
	if w.granted = (time.Time{}); w.isAnyOpen() || w.next() != "" {
		t.Error("a wish stays though nobody waits")
	}
}

// TestWishFor: what people are to do so that a blow meets its moment.
func TestWishFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		harm harm
		want wish
	}{
		{harm{Name: harmLaneKill, Way: waySMTP}, wishReplies},
		{harm{Name: harmLaneKill, Way: waySlack}, wishMails},
		{harm{Name: harmClaimStop, Way: wayBase}, wishReply},
		{harm{Name: harmClaimStop, Way: waySMTP}, wishReply},
		{harm{Name: harmClaimStop, Way: wayTeams}, wishMail},
		{harm{Name: harmEarly, Way: waySMTP}, wishBack},
		{harm{Name: harmEarly, Way: waySlack}, wishMail},
		{harm{Name: harmCommit}, wishMail},
		{harm{Name: harmLate}, wishMail},
	} {
		if got := c.harm.wishFor(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.harm, got, c.want)
		}
	}
}

// TestMailer: a wish about mail is granted where nobody waits for what was typed before.
func TestMailer(t *testing.T) {
	t.Parallel()
	ready, gone := &talk{conv: 1, root: "1"}, &talk{conv: 2, root: "2", bounces: true}
	d := newDriver(world.Wire{}, Options{Mails: 90})
	d.talks = []*talk{ready, gone, {conv: 3}, {conv: 4, root: "4", kind: world.BySMS}, {conv: 5, root: "5", quietUntil: time.Now().Add(time.Hour)}}
	for range 20 {
		if got := d.pickMailer(false); got != ready {
			t.Fatalf("customer %d", got.conv)
		}
		if got := d.pickMailer(true); got != gone {
			t.Fatalf("customer %d, whose mailbox is there", got.conv)
		}
	}
	if d.talks = d.talks[2:]; d.pickMailer(false) != nil {
		t.Error("somebody was picked who can't be")
	}
}

// TestReplyFor: nothing leaves from a resolved conversation, so its customer writes before an agent
// replies.
func TestReplyFor(t *testing.T) {
	t.Parallel()
	d, emulators := crowded(t, Options{Mails: 90})
	d.talks = []*talk{{conv: 1, root: "1", untilReopened: 2}}
	for i, card := range []string{"Case 001", "Case 001", "Case 001 Resolved"} {
		emulators.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "`+card+`"}]`)
		if done, err := d.replyFor(t.Context(), 1, false); !done || err != nil {
			t.Fatal(done, err)
		}
		if d.counted.Mails != i+1 || d.counted.Replies != 0 {
			t.Errorf("after %q: said %+v", card, d.counted)
		}
	}
	emulators.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "Case 001"}]`)
	if _, err := d.replyFor(t.Context(), 1, false); err != nil || d.counted.Replies != 1 {
		t.Errorf("said %+v, asked for %v: %v", d.counted, emulators.asks, err)
	}
}

// TestTalks: in each world, however small, some customers write mails, and the mailbox of one
// of them is gone: blows wait for that.
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
			t.Errorf("%+v: %d customers write mails, the mailboxes of %d are gone", o, mailers, bounces)
		}
	}
}
