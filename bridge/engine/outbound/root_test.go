package outbound

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// chats is an Engine that knows which channels teams have, and notes which roots are lost and which channels are closed.
type chats struct {
	Engine
	dir    *directory.Directory
	lost   *[]string
	closed *[]string
	told   *int // how often admins are told that a root isn't there
}

// Trouble implements Engine.
func (c chats) Trouble(_ store.AccountID, what string, _ *channels.Condition) {
	*c.closed = append(*c.closed, what)
}

// Surface implements Engine.
func (chats) Surface(store.AccountID) bridge.Surface { return nil }

// RootRefused implements Engine.
func (c chats) RootRefused(context.Context, dispatch.Claimed, string, string) error {
	*c.told++
	return nil
}

// ThreadLost implements Engine.
func (c chats) ThreadLost(_ context.Context, _ dispatch.Claimed, root string) error {
	*c.lost = append(*c.lost, root)
	return nil
}

// Directory implements Engine.
func (c chats) Directory() *directory.Directory { return c.dir }

// rootIn returns an attempt at a root that was queued for the channel "queued" of chat 2, whose team has the channel "home" of a
// chat by now.
func rootIn(home store.AccountID) *attempt {
	team := store.TeamID(1)
	dir := directory.New(store.Directory{Accounts: []store.Account{{ID: 1, Side: store.SideChannel, TeamID: &team}},
		Channels: []store.TeamChannel{{TeamID: team, AccountID: home, Channel: "home", Home: true}}})
	return &attempt{
		e:        New(Options{Engine: chats{dir: dir, lost: &[]string{}, closed: &[]string{}, told: new(int)}}),
		c:        dispatch.Claimed{AccountID: 2, ConversationID: 3, Delivery: store.Delivery{ID: 4, Kind: string(bridge.PostRoot)}},
		material: &material{conversations: map[store.ConversationID]*store.Conversation{3: {ID: 3, AccountID: 1}}},
		body:     Payload{Place: bridge.Place{Channel: "queued"}},
	}
}

// looking is a chat that answers by the channel in which a root is looked for.
type looking struct {
	bridge.Surface
	answers map[string]looked
}

// looked is what comes of a look into a channel.
type looked struct {
	outcome channels.Outcome
	sent    bridge.Sent
	err     error
}

func (l looking) Reconcile(_ context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	a := l.answers[p.Place.Channel]
	return a.outcome, a.sent, a.err
}

// A root whose answer was lost is looked for in the channel for which it was queued, though its team has another one by now in which
// Parley may not look, and in that one. Only if neither has it, it isn't there.
func TestRootIsLookedForInBothChannels(t *testing.T) {
	t.Parallel()
	there := func(id string) looked { return looked{channels.Landed, bridge.Sent{Message: id}, nil} }
	absent := looked{outcome: channels.Absent}
	guess := looked{outcome: channels.Absent, sent: bridge.Sent{Blind: true}}
	closed := looked{channels.CannotTell, bridge.Sent{}, errors.New("not in channel")}
	silent := looked{outcome: channels.CannotTell}
	for name, c := range map[string]struct {
		queued, home looked
		want         channels.Outcome
		channel      string
		blind, fails bool
	}{
		"where it was queued":            {there("q"), closed, channels.Landed, "queued", false, false},
		"where the team is":              {closed, there("h"), channels.Landed, "home", false, false},
		"nowhere":                        {absent, absent, channels.Absent, "", false, false},
		"nowhere, by a guess":            {guess, absent, channels.Absent, "", true, false},
		"not where Parley may look":      {absent, closed, channels.CannotTell, "", false, true},
		"not where the team is":          {closed, absent, channels.CannotTell, "", false, true},
		"nobody knows of the former one": {silent, absent, channels.CannotTell, "", false, false},
	} {
		a := rootIn(2)
		s := looking{answers: map[string]looked{"queued": c.queued, "home": c.home}}
		post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "home"}}
		outcome, sent, err := a.lookForRoot(t.Context(), s, post, &store.Thread{ConversationID: 3, AccountID: 2, Channel: "queued"})
		channel := ""
		if len(sent.Landed) > 0 && sent.Landed[0].Thread != nil {
			channel = sent.Landed[0].Thread.Channel
		}
		if outcome != c.want || channel != c.channel || sent.Blind != c.blind || (err != nil) != c.fails {
			t.Errorf("%s: %v in %q, blind %t, error %v", name, outcome, channel, sent.Blind, err)
		}
	}
}

// A root is not needed in a chat that its conversation has left, unless nothing that waits there could be seen without it.
func TestRootOfAThreadThatHasNone(t *testing.T) {
	t.Parallel()
	a := rootIn(5)
	for root, want := range map[string]bool{"": false, "r": true} {
		post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "queued"}}
		if got := a.isOutdated(post, &store.Thread{AccountID: 2, Channel: "queued", Root: root}); got != want {
			t.Errorf("a thread with root %q: outdated %t", root, got)
		}
	}
}

// What can't be posted in a closed channel goes on elsewhere. That says nothing of the channel, in which other conversations may wait:
// admins are not told that it works again.
func TestConversationLeavesAClosedChannel(t *testing.T) {
	t.Parallel()
	a := rootIn(2)
	closed := &channels.SendError{Class: channels.Retry, Cause: bridge.ErrChannelClosed}
	post := bridge.Post{Kind: bridge.PostSaid, Place: bridge.Place{Channel: "queued", Thread: "r"}}
	_, err := a.postFailed(t.Context(), post, &store.Thread{AccountID: 2, Channel: "queued", Root: "r"}, bridge.Sent{}, closed)
	known := a.e.opt.Engine.(chats)
	if len(*known.lost) != 1 || len(*known.closed) != 0 || channels.ClassOf(err) != channels.Retry {
		t.Errorf("lost %q, closed %q, error %v", *known.lost, *known.closed, err)
	}
}

// While a post is refused since its channel is closed, that stops being a channel of its team. Its end of troubles has been then, so
// that admins are not told of this one, which nothing would end; of one in a team's channel they are, and of a later attempt.
func TestClosedFormerChannel(t *testing.T) {
	t.Parallel()
	closed := &channels.SendError{Class: channels.Retry, Cause: bridge.ErrChannelClosed}
	for name, c := range map[string]struct {
		channel  string
		isBefore bool // made by what was known before
		want     int
	}{"the team's channel": {"home", true, 1}, "a former one": {"former", true, 0}, "a later attempt": {"former", false, 1}} {
		a := rootIn(2)
		known := a.e.opt.Engine.(chats)
		if !c.isBefore {
			a.dir = known.dir
		}
		post := bridge.Post{Kind: bridge.PostSaid, Place: bridge.Place{Channel: c.channel, Thread: "other"}}
		_, err := a.postFailed(t.Context(), post, &store.Thread{AccountID: 2, Channel: c.channel, Root: "r"}, bridge.Sent{}, closed)
		if len(*known.closed) != c.want || channels.ClassOf(err) != channels.Retry {
			t.Errorf("%s: told of %q, error %v", name, *known.closed, err)
		}
	}
}

// A root is found after its thread was opened anew in the same channel, because the former channel was closed: the thread stays where
// it is, and the root that was found counts as left.
func TestSecondRootIsLeft(t *testing.T) {
	t.Parallel()
	a := rootIn(2)
	a.body.Place.Channel = "home"
	post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "home"}}
	for root, wantLeft := range map[string]bool{"first": true, "found": false} {
		thread := &store.Thread{ConversationID: 3, AccountID: 2, Channel: "home", Root: root}
		landed := a.foundPost(post, thread, bridge.Sent{Message: "found"}).Landed[0]
		isLeft := landed.Left != nil && landed.Left.Message == "found" && landed.Left.Channel == "home"
		if isLeft != wantLeft || (landed.Thread == nil) != wantLeft {
			t.Errorf("beside root %q: left %+v, thread %+v", root, landed.Left, landed.Thread)
		}
	}
}

// Admins are told of a root of which nobody could tell for a week whether it is there; the time before a restore doesn't count. They
// are not told while it is made again soon: a week may also have passed while the chat was not connected.
func TestUnclearRootIsTold(t *testing.T) {
	t.Parallel()
	const days = 24 * 60 * 60
	now := time.Now()
	first := now.Add(-20 * days * time.Second)
	again := `{"unsure": true}`
	restored := fmt.Sprintf(`{"unsure": true, "restored": true, "restored_at": %q}`, now.Add(-days*time.Second).Format(time.RFC3339))
	for name, c := range map[string]struct {
		ago, sentAgo float64
		payload      string
		want         int
	}{
		"soon":                   {6 * days, 3600, again, 0},
		"after a week":           {8 * days, 3600, again, 1},
		"the latest one is new":  {8 * days, 40, again, 0},
		"waited, not made again": {8 * days, 3600, `{}`, 0},
		"restored yesterday":     {20 * days, 3600, restored, 0},
	} {
		a := rootIn(2)
		a.c.FirstAgo, a.c.SentAgo, a.c.FirstAt, a.c.Payload = c.ago, c.sentAgo, &first, []byte(c.payload)
		if err := a.e.reportUnclear(t.Context(), a.c); err != nil {
			t.Error(err)
		}
		if told := *a.e.opt.Engine.(chats).told; told != c.want {
			t.Errorf("%s: told %d times", name, told)
		}
	}
}

// A root is made again at least once, however long it waited before: only then once a day.
func TestRootIsMadeAgainAtLeastOnce(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]time.Duration{`{}`: 0, `{"unsure": true}`: maxPostRetry} {
		a := rootIn(2)
		a.c.Payload = []byte(payload)
		if got := a.e.Policy(a.c).RepeatFor; got != want {
			t.Errorf("%s is made again for %v, want %v", payload, got, want)
		}
	}
}

// In a channel that is closed, and in which no threads open any more, nobody waits for the card of a conversation that is over.
func TestCardInAFormerChannel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    bridge.PostKind
		status  bridge.Status
		channel string
		want    bool
	}{
		"card of one that is over":    {bridge.PostCard, bridge.StatusResolved, "former", true},
		"card of one that is open":    {bridge.PostCard, bridge.StatusOpen, "former", false},
		"words of one that is over":   {bridge.PostSaid, bridge.StatusResolved, "former", false},
		"card in the team's channel":  {bridge.PostCard, bridge.StatusResolved, "home", false},
		"mark in one that is no more": {bridge.PostMark, bridge.StatusClosed, "former", true},
	} {
		a := rootIn(2)
		a.conversations[3].Status = string(c.status)
		if got := a.isMissedByNobody(bridge.Post{Kind: c.kind, Place: bridge.Place{Channel: c.channel}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
