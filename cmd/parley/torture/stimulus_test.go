package torture

import (
	"testing"
	"time"

	"parley/cmd/parley/torture/emulators"
	"parley/store/storetest"
)

// Some faults wait for a certain moment, such as the sending of a reply. A stimulus is what people do so that the
// moment comes. These tests check in what order and how often stimuli are given, and that each makes the trigger of
// its fault fire.

// wantNext checks which stimulus is next once the interval since the last one is over.
func wantNext(t *testing.T, s *stimuli, want stimulus) {
	t.Helper()
	if got := s.next(s.lastAt.Add(s.interval)); got != want {
		t.Errorf("the next stimulus is %q, want %q", got, want)
	}
}

// Stimuli are given in turn until those who asked for them withdraw.
func TestStimuliTakeTurns(t *testing.T) {
	t.Parallel()
	s := stimuli{interval: stimulusInterval}
	withdrawFirst := s.add(stimulusBounce)
	withdrawSecond := s.add(stimulusMail)
	wantNext(t, &s, stimulusBounce)
	wantNext(t, &s, stimulusMail)
	wantNext(t, &s, stimulusBounce)

	withdrawFirst()
	wantNext(t, &s, stimulusMail)
	wantNext(t, &s, stimulusMail)

	withdrawSecond()
	wantNext(t, &s, "")
}

// At most one stimulus is given within an interval.
func TestStimuliKeepInterval(t *testing.T) {
	t.Parallel()
	s := stimuli{interval: stimulusInterval}
	s.add(stimulusMail)
	wantNext(t, &s, stimulusMail)
	if got := s.next(s.lastAt); got != "" {
		t.Errorf("within an interval a second stimulus is given: %q", got)
	}
}

// The driver knows whether a fault still waits for a stimulus.
func TestIsAnyStimulusWanted(t *testing.T) {
	t.Parallel()
	s := stimuli{interval: stimulusInterval}
	if s.isAnyWanted() {
		t.Error("before the first: a stimulus is wanted, want none")
	}
	withdraw := s.add(stimulusMail)
	if !s.isAnyWanted() {
		t.Error("after add: no stimulus is wanted, want one")
	}
	withdraw()
	if s.isAnyWanted() {
		t.Error("after withdraw: a stimulus is wanted, want none")
	}
}

// Each fault asks for the stimulus (what people do) that makes its trigger fire.
func TestNeededStimulus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault fault
		want  stimulus
	}{
		{name: "kill while mails wait", fault: fault{Kind: faultKillBusyLane, Route: routeSMTP}, want: stimulusReplies},
		{name: "kill while posts wait", fault: fault{Kind: faultKillBusyLane, Route: routeSlackAPI}, want: stimulusMails},
		{name: "stop after the claim of a reply", fault: fault{Kind: faultStopAfterClaim, Route: routePostgres}, want: stimulusReply},
		{name: "stop before a mail", fault: fault{Kind: faultStopAfterClaim, Route: routeSMTP}, want: stimulusReply},
		{name: "stop before a post", fault: fault{Kind: faultStopAfterClaim, Route: routeTeams}, want: stimulusMail},
		{name: "early bounce", fault: fault{Kind: faultEarlyReceipt, Route: routeSMTP}, want: stimulusBounce},
		{name: "early event about a post", fault: fault{Kind: faultEarlyReceipt, Route: routeSlackAPI}, want: stimulusMail},
		{name: "lost answer to a commit", fault: fault{Kind: faultLoseCommitAnswer}, want: stimulusMail},
		{name: "late request", fault: fault{Kind: faultLateRequest}, want: stimulusMail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.fault.neededStimulus(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// newPickDriver returns a driver with one conversation that can be replied to, one with a mailbox that is gone, and
// others in which nobody can reply by mail now.
func newPickDriver() *driver {
	d := newDriver(emulators.Client{}, Options{Mails: 90})
	d.conversations = []*conversation{
		{number: 1, root: "1"},
		{number: 2, root: "2", bounces: true},
		{number: 3}, // has no thread yet
		{number: 4, root: "4", kind: emulators.BySMS},
		{number: 5, root: "5", quietUntil: time.Now().Add(time.Hour)},
	}
	return d
}

// picks is how often a test picks a conversation. A pick that ignores a rule finds a wrong one within so many times.
const picks = 20

// An agent is to reply only to a customer who writes by mail and has a thread, and to whom no other reply is about to
// leave.
func TestPickMailConversation(t *testing.T) {
	t.Parallel()
	d := newPickDriver()
	for range picks {
		if got := d.pickConversation(isByMail); got != d.conversations[0] {
			t.Fatalf("got %+v, want conversation 1", got)
		}
	}
}

// A reply that is to bounce goes to a customer whose mailbox is gone.
func TestPickBouncingConversation(t *testing.T) {
	t.Parallel()
	d := newPickDriver()
	for range picks {
		if got := d.pickConversation(isBouncing); got != d.conversations[1] {
			t.Fatalf("got %+v, want conversation 2", got)
		}
	}
}

// Nothing is picked while no conversation fits.
func TestPickNoConversation(t *testing.T) {
	t.Parallel()
	d := newPickDriver()
	d.conversations = d.conversations[2:]
	if got := d.pickConversation(isByMail); got != nil {
		t.Errorf("got conversation %d, want none", got.number)
	}
}

// Parley sends nothing from a resolved conversation. So its customer writes as often as untilReopened says before an
// agent replies, and once more if the card still shows the conversation as resolved.
func TestReplyStimulusInResolvedConversation(t *testing.T) {
	t.Parallel()
	d, recorder := newTestDriver(t, Options{Mails: 90})
	d.conversations = []*conversation{{number: 1, root: "1", untilReopened: 2}}
	giveReply := func(card string) {
		t.Helper()
		recorder.answer("/_fake/messages", `[{"ts": "1", "bot_id": "B1", "text": "`+card+`"}]`)
		done := storetest.Must(d.replyStimulus(t.Context(), 1, d.pickConversation(isByMail)))(t)
		if !done {
			t.Fatalf("with the card %q nothing was done", card)
		}
	}

	for i, card := range []string{"Case 001", "Case 001", "Case 001 Resolved"} {
		giveReply(card)
		if want := i + 1; d.counts.Mails != want {
			t.Errorf("with the card %q: got %d mails, want %d", card, d.counts.Mails, want)
		}
		if d.counts.Replies != 0 {
			t.Errorf("with the card %q: got %d replies, want none", card, d.counts.Replies)
		}
	}

	giveReply("Case 001")
	if d.counts.Replies != 1 {
		t.Errorf("in a conversation that was reopened: got %d replies, want 1; the emulators were asked for %v", d.counts.Replies, recorder.asks)
	}
}

// In each run, however small, some customers write mails. The mailbox of at least one of them is gone, but not of all,
// since some faults wait for a reply that bounces and others for one that doesn't.
func TestConversations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opt  Options
	}{
		{name: "smallest", opt: Options{}},
		{name: "with phones", opt: Options{Chats: true}},
		{name: "in Teams", opt: Options{Teams: true}},
		{name: "large", opt: Options{Mails: 2000, Chats: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			byMail, bouncing := 0, 0
			for _, c := range newDriver(emulators.Client{}, tt.opt).conversations {
				if c.kind == emulators.ByMail {
					byMail++
				}
				if c.bounces {
					bouncing++
				}
			}
			if bouncing == 0 {
				t.Error("no customer's mailbox is gone, want at least one")
			}
			if byMail <= bouncing {
				t.Errorf("%d customers write mails, and the mailboxes of %d are gone; want fewer than all", byMail, bouncing)
			}
		})
	}
}
