package teams

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// If Teams limits our rate, nothing is posted. The post waits as long as Teams says, or for a time of our choice if it
// doesn't say.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		fault   teamsfake.Fault
		class   channels.Class
		minWait time.Duration
		maxWait time.Duration
	}{
		{
			name: "with a time", fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7},
			class: channels.Throttled, minWait: 7 * time.Second, maxWait: 7 * time.Second,
		},
		{
			name: "without a time", fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit},
			class: channels.Throttled, minWait: defaultThrottleWait, maxWait: 2 * defaultThrottleWait,
		},
		{
			name:    "the conversation is busy",
			fault:   teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
			class:   channels.Retry,
			minWait: defaultBusyWait,
			maxWait: 2 * defaultBusyWait,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			tt.fault.Method, tt.fault.Times = "activities.send", 1
			w.fake.Inject(tt.fault)

			se := w.mustFail(w.newSaid(w.root, "x"))
			wantEqual(t, "class", se.Class, tt.class)
			if se.Wait < tt.minWait || se.Wait > tt.maxWait {
				t.Errorf("got the time to wait %v, want %v to %v", se.Wait, tt.minWait, tt.maxWait)
			}
			wantEqual(t, "messages in the thread, with its root", len(w.fake.Thread(w.channel, w.root)), 1)
		})
	}
}

// A post that Teams stored before it answered 502 is found afterwards. A later post with the same words isn't taken for
// the first one.
func TestPostThatWasStoredBeforeAnError(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	p := w.newSaid(w.root, "once")
	w.fake.Inject(teamsfake.Fault{
		Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Times: 1,
	})
	wantEqual(t, "class", w.mustFail(p).Class, channels.Ambiguous)
	sent := w.wantReconciled(p, channels.Landed)
	if sent.Message == "" {
		t.Error("the message that is found has no id")
	}

	w.desk.Own(w.channel, sent.Message)
	p.Token = "again"
	w.wantReconciled(p, channels.Absent)
}

// A post whose deadline has passed is never made. That doesn't mean that its thread is lost.
func TestNoPostAfterTheDeadline(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := w.surface.Send(ctx, w.newSaid(w.root, "late"))
	if err == nil {
		t.Error("sent after its deadline, want an error")
	}
	if errors.Is(err, bridge.ErrThreadLost) {
		t.Errorf("got error %v, want none that the thread is lost", err)
	}
	wantEqual(t, "messages in the thread, with its root", len(w.fake.Thread(w.channel, w.root)), 1)
}

// removeApp takes the app out of the team, and waits until Parley knows of it.
func (w *world) removeApp() {
	w.t.Helper()
	noError(w.t, w.fake.Admin.Uninstall(w.ctx(), w.team))
	w.desk.Wait(w.t, "that the app is out is told", func() bool { return w.desk.Status() == channels.Broken })
}

// addApp puts the app into the team again, and waits until Parley knows of it.
func (w *world) addApp() {
	w.t.Helper()
	noError(w.t, w.fake.Admin.Install(w.ctx(), w.team))
	w.desk.Wait(w.t, "that the app is in again is told", func() bool { return w.desk.Status() == channels.Active })
}

// While Parley knows that the app is out of the team, it posts nothing there, and people are told what to do.
func TestNothingIsPostedWhileTheAppIsOut(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.removeApp()
	wantWords(t, w.wantClosed(w.newSaid(w.root, "out")).Hint, "Add the app")
	calls := len(w.fake.Calls("activities.send"))
	_ = w.mustFail(w.newSaid(w.root, "out again"))
	wantEqual(t, "attempts", len(w.fake.Calls("activities.send"))-calls, 0)
}

// When the app is back in the team, Parley finds what was said meanwhile.
func TestWhatWasSaidWhileTheAppWasOutIsFound(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.removeApp()
	w.replyAsAnn("said meanwhile")
	w.addApp()
	w.run()
	w.waitStored("said meanwhile")
}

func TestDeletedChannelTakesNoPosts(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.fake.Admin.DeleteChannel(w.channel))
	w.waitDelivered()
	_ = w.wantClosed(w.newRoot("gone", w.channel))
	_ = w.wantClosed(w.newSaid(w.root, "gone"))
}

func TestThreadWithoutItsRootIsLost(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.fake.Admin.Forget(w.channel, w.root))
	if se := w.mustFail(w.newSaid(w.root, "lost")); !errors.Is(se, bridge.ErrThreadLost) {
		t.Errorf("got error %v, want that the thread is lost", se)
	}
}

// If Teams moves to another region, posts go to the address from which its last message came.
func TestPostsFollowTeamsToAnotherRegion(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Admin.SetRegion("amer")
	w.typeAsAnn("from elsewhere")
	w.mustSend(w.newSaid(w.root, "there"))
	calls := w.fake.Calls("activities.send")
	if len(calls) == 0 {
		t.Fatal("Teams wasn't asked to post")
	}
	wantWords(t, calls[len(calls)-1].Path, "/amer/")
}

// A post for one person is whispered in the channel: only that person sees it there.
func TestWhisper(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.mustSend(w.newWhisper(ann))
	got := w.fake.Targeted(ann)
	if len(got) != 1 {
		t.Fatalf("Ann was whispered %d messages, want one: %+v", len(got), got)
	}
	wantWords(t, got[0].Text, "There is a reason.")
	wantEqual(t, "messages in Ann's chat", len(w.fake.Personal(ann)), 0)
}
