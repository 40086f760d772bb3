package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// notingEngine knows the channels of teams, and notes what it is told.
type notingEngine struct {
	OutboundEngine
	dir      *Directory
	surface  bridge.Surface
	lost     []string // roots of threads that are lost
	troubles []string // conditions of accounts that admins are told of
	refused  int      // how often admins are told that a root isn't there
}

func (e *notingEngine) Trouble(_ store.AccountID, what string, _ *channels.Condition) {
	e.troubles = append(e.troubles, what)
}

func (e *notingEngine) Surface(store.AccountID) bridge.Surface { return e.surface }

func (e *notingEngine) RootRefused(context.Context, store.ClaimedDelivery, string, string) error {
	e.refused++
	return nil
}

func (e *notingEngine) ThreadLost(_ context.Context, _ store.ClaimedDelivery, root string) error {
	e.lost = append(e.lost, root)
	return nil
}

func (e *notingEngine) Directory() *Directory { return e.dir }

// attemptAtRoot returns an attempt at a root, and the engine that it tells. The root was queued for the channel "queued"
// of chat 2. Its team now has the channel "home" of the given chat.
func attemptAtRoot(home store.AccountID) (*postAttempt, *notingEngine) {
	team := store.TeamID(1)
	dir := NewDirectory(store.Directory{Accounts: []store.Account{{ID: 1, Side: store.SideChannel, TeamID: &team}},
		Channels: []store.TeamChannel{{TeamID: team, AccountID: home, Channel: "home", Home: true}}})
	e := &notingEngine{dir: dir}
	return &postAttempt{attempt: attempt{
		sender:   &Sender{Engine: e},
		engine:   e,
		claim:    store.ClaimedDelivery{AccountID: 2, ConversationID: 3, Delivery: store.Delivery{ID: 4, Kind: string(bridge.PostRoot)}},
		material: &material{conversations: map[store.ConversationID]*store.Conversation{3: {ID: 3, AccountID: 1}}},
	}, body: Payload{Place: bridge.Place{Channel: "queued"}}}, e
}

// searchedChat is a chat whose answer depends on the channel in which Parley looks for a root.
type searchedChat struct {
	bridge.Surface
	answers map[string]searched
}

// searched is the result of looking into a channel.
type searched struct {
	outcome channels.Outcome
	sent    bridge.Sent
	err     error
}

func (s searchedChat) Reconcile(_ context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	a := s.answers[p.Place.Channel]
	return a.outcome, a.sent, a.err
}

// The answer to a root's post was lost. Parley looks for the root in the channel for which it was queued and in the
// team's present one, even if it may not look into one of them. Only if neither has it, the root isn't there.
func TestRootIsLookedForInBothChannels(t *testing.T) {
	t.Parallel()
	found := searched{outcome: channels.Landed, sent: bridge.Sent{Message: "r"}}
	absent := searched{outcome: channels.Absent}
	guess := searched{outcome: channels.Absent, sent: bridge.Sent{Blind: true}}
	closed := searched{outcome: channels.CannotTell, err: errors.New("not in channel")}
	silent := searched{outcome: channels.CannotTell}
	type result struct {
		outcome channels.Outcome
		channel string // in which the root was found
		isBlind bool
		err     error
	}
	for name, c := range map[string]struct {
		queued, home searched
		want         result
	}{
		"where it was queued":            {queued: found, home: closed, want: result{outcome: channels.Landed, channel: "queued"}},
		"where the team is":              {queued: closed, home: found, want: result{outcome: channels.Landed, channel: "home"}},
		"nowhere":                        {queued: absent, home: absent, want: result{outcome: channels.Absent}},
		"nowhere, by a guess":            {queued: guess, home: absent, want: result{outcome: channels.Absent, isBlind: true}},
		"not where Parley may look":      {queued: absent, home: closed, want: result{outcome: channels.CannotTell, err: closed.err}},
		"not where the team is":          {queued: closed, home: absent, want: result{outcome: channels.CannotTell, err: closed.err}},
		"nobody knows of the former one": {queued: silent, home: absent, want: result{outcome: channels.CannotTell}},
	} {
		a, _ := attemptAtRoot(2)
		s := searchedChat{answers: map[string]searched{"queued": c.queued, "home": c.home}}
		post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "home"}}
		outcome, sent, err := a.lookForRoot(t.Context(), s, post, &store.Thread{ConversationID: 3, AccountID: 2, Channel: "queued"})
		got := result{outcome: outcome, isBlind: sent.Blind, err: err}
		if len(sent.Landed) > 0 && sent.Landed[0].Thread != nil {
			got.channel = sent.Landed[0].Thread.Channel
		}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// A root for a chat that the conversation has left isn't needed, unless the thread there has no root yet: then posts that
// wait there could not be seen without it.
func TestRootOfAThreadThatHasNone(t *testing.T) {
	t.Parallel()
	a, _ := attemptAtRoot(5)
	for root, want := range map[string]bool{"": false, "r": true} {
		post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "queued"}}
		if got := a.isOutdated(post, &store.Thread{AccountID: 2, Channel: "queued", Root: root}); got != want {
			t.Errorf("a thread with root %q: outdated %t, want %t", root, got, want)
		}
	}
}

// A post that a closed channel refuses goes on elsewhere. Admins aren't told that the channel works again, since other
// conversations may still wait in it.
func TestConversationLeavesAClosedChannel(t *testing.T) {
	t.Parallel()
	a, e := attemptAtRoot(2)
	closed := &channels.SendError{Class: channels.Retry, Cause: bridge.ErrChannelClosed}
	post := bridge.Post{Kind: bridge.PostSaid, Place: bridge.Place{Channel: "queued", Thread: "r"}}
	_, err := a.postFailed(t.Context(), post, &store.Thread{AccountID: 2, Channel: "queued", Root: "r"}, bridge.Sent{}, closed)
	if want := []string{"r"}; !slices.Equal(e.lost, want) {
		t.Errorf("lost are the roots %q, want %q", e.lost, want)
	}
	if len(e.troubles) != 0 {
		t.Errorf("admins are told of %q, want nothing", e.troubles)
	}
	if got := channels.ClassOf(err); got != channels.Retry {
		t.Errorf("the post fails with %v of class %s, want %s", err, got, channels.Retry)
	}
}

// A post is refused because its channel is closed, and that channel stops being its team's during the attempt. Admins
// aren't told of that trouble, as nothing would end it any more. They are told about a team's channel, and about a later
// attempt.
func TestClosedFormerChannel(t *testing.T) {
	t.Parallel()
	closed := &channels.SendError{Class: channels.Retry, Cause: bridge.ErrChannelClosed}
	for name, c := range map[string]struct {
		channel      string
		kind         bridge.PostKind // "" means what a customer said
		knowsClosing bool            // the attempt began after the channel had stopped being the team's
		wantTold     int
	}{
		"the team's channel":                         {channel: "home", wantTold: 1},
		"a former one":                               {channel: "former", wantTold: 0},
		"a later attempt":                            {channel: "former", knowsClosing: true, wantTold: 1},
		"an answer to one person":                    {channel: "home", kind: bridge.PostEphemeral, wantTold: 1},
		"an answer to one person in another channel": {channel: "other", kind: bridge.PostEphemeral, knowsClosing: true, wantTold: 0},
	} {
		a, e := attemptAtRoot(2)
		if c.knowsClosing {
			a.dir = e.dir
		}
		post := bridge.Post{Kind: cmp.Or(c.kind, bridge.PostSaid), Place: bridge.Place{Channel: c.channel, Thread: "other"}}
		_, err := a.postFailed(t.Context(), post, &store.Thread{AccountID: 2, Channel: c.channel, Root: "r"}, bridge.Sent{}, closed)
		if len(e.troubles) != c.wantTold {
			t.Errorf("%s: admins are told of %q, want %d troubles", name, e.troubles, c.wantTold)
		}
		if got := channels.ClassOf(err); got != channels.Retry {
			t.Errorf("%s: the post fails with %v of class %s, want %s", name, err, got, channels.Retry)
		}
	}
}

// whisperingChat is a chat that takes answers to one person, either in the channel or in a direct message.
type whisperingChat struct {
	bridge.Surface
	sent bridge.Sent
}

func (s whisperingChat) Send(context.Context, bridge.Post) (bridge.Sent, error) { return s.sent, nil }

// An answer to one person that is shown in the channel ends that channel's troubles. One that went elsewhere doesn't.
func TestAnswerElsewhereEndsNoTrouble(t *testing.T) {
	t.Parallel()
	for elsewhere, want := range map[bool][]string{false: {"queued"}, true: nil} {
		a, e := attemptAtRoot(2)
		answer := store.Delivery{Kind: string(bridge.PostEphemeral), Payload: []byte(`{"place":{"channel":"queued"}}`)}
		a.claim = store.ClaimedDelivery{AccountID: 2, Delivery: answer}
		e.surface = whisperingChat{sent: bridge.Sent{Message: "m", Elsewhere: elsewhere}}
		if _, err := a.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(e.troubles, want) {
			t.Errorf("elsewhere %t: ended are the troubles of %q, want %q", elsewhere, e.troubles, want)
		}
	}
}

// A root is found after its thread was opened anew in the same channel. The thread keeps its new root, and the one that
// was found counts as left.
func TestSecondRootIsLeft(t *testing.T) {
	t.Parallel()
	a, _ := attemptAtRoot(2)
	a.body.Place.Channel = "home"
	post := bridge.Post{Kind: bridge.PostRoot, Place: bridge.Place{Channel: "home"}}
	for root, wantLeft := range map[string]bool{"first": true, "found": false} {
		thread := &store.Thread{ConversationID: 3, AccountID: 2, Channel: "home", Root: root}
		landed := a.foundPost(post, thread, bridge.Sent{Message: "found"}).Landed[0]
		isLeft := landed.LeftRoot != nil && landed.LeftRoot.Message == "found" && landed.LeftRoot.Channel == "home"
		if isLeft != wantLeft {
			t.Errorf("beside root %q: %+v is left, want the root that was found left: %v", root, landed.LeftRoot, wantLeft)
		}
		if moves := landed.Thread != nil; moves == wantLeft {
			t.Errorf("beside root %q: the thread becomes %+v, want it moved: %v", root, landed.Thread, !wantLeft)
		}
	}
}

// Admins are told of a root if for a week nobody could tell whether it is there. The time before a restore doesn't count.
// They aren't told right after another attempt, as the chat may not have been connected for that week.
func TestUnclearRootIsTold(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Now()
	first := now.Add(-20 * day)
	const madeAgain = `{"unsure": true}`
	restored := fmt.Sprintf(`{"unsure": true, "restored": true, "restored_at": %q}`, now.Add(-day).Format(time.RFC3339))
	for name, c := range map[string]struct {
		firstAgo, sentAgo time.Duration
		payload           string
		wantTold          int
	}{
		"soon":                   {firstAgo: 6 * day, sentAgo: time.Hour, payload: madeAgain, wantTold: 0},
		"after a week":           {firstAgo: 8 * day, sentAgo: time.Hour, payload: madeAgain, wantTold: 1},
		"the latest one is new":  {firstAgo: 8 * day, sentAgo: 40 * time.Second, payload: madeAgain, wantTold: 0},
		"waited, not made again": {firstAgo: 8 * day, sentAgo: time.Hour, payload: `{}`, wantTold: 0},
		"restored yesterday":     {firstAgo: 20 * day, sentAgo: time.Hour, payload: restored, wantTold: 0},
	} {
		a, e := attemptAtRoot(2)
		a.claim.FirstAgo, a.claim.SentAgo = c.firstAgo.Seconds(), c.sentAgo.Seconds()
		a.claim.FirstAt, a.claim.Payload = &first, []byte(c.payload)
		if err := a.sender.reportUnclear(t.Context(), a.claim); err != nil {
			t.Error(err)
		}
		if e.refused != c.wantTold {
			t.Errorf("%s: admins are told %d times, want %d", name, e.refused, c.wantTold)
		}
	}
}

// A root whose post is unclear is posted again once, however long it has waited. After that, repeating it soon is limited
// to maxPostRetry, and then it is repeated once a day.
func TestRootIsMadeAgainAtLeastOnce(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]time.Duration{`{}`: 0, `{"unsure": true}`: maxPostRetry} {
		a, _ := attemptAtRoot(2)
		a.claim.Payload = []byte(payload)
		if got := a.sender.Policy(a.claim).RepeatFor; got != want {
			t.Errorf("%s is made again for %v, want %v", payload, got, want)
		}
	}
}

// The card of a resolved conversation isn't needed in a closed channel in which no threads open any more.
func TestCardInAFormerChannel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    bridge.PostKind
		status  bridge.Status
		channel string
		want    bool
	}{
		"card of one that is over":    {kind: bridge.PostCard, status: bridge.StatusResolved, channel: "former", want: true},
		"card of one that is open":    {kind: bridge.PostCard, status: bridge.StatusOpen, channel: "former", want: false},
		"words of one that is over":   {kind: bridge.PostSaid, status: bridge.StatusResolved, channel: "former", want: false},
		"card in the team's channel":  {kind: bridge.PostCard, status: bridge.StatusResolved, channel: "home", want: false},
		"mark in one that is no more": {kind: bridge.PostMark, status: bridge.StatusClosed, channel: "former", want: true},
	} {
		a, _ := attemptAtRoot(2)
		a.conversations[3].Status = string(c.status)
		if got := a.isDispensable(bridge.Post{Kind: c.kind, Place: bridge.Place{Channel: c.channel}}); got != c.want {
			t.Errorf("%s: missed by nobody: %v, want %v", name, got, c.want)
		}
	}
}
