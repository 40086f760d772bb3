package measuring_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parley/bridge/engine/measuring"
	"parley/store"
)

// each minute of a conversation is somebody's, and the parts sum up to the whole.
func TestTimeline(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ lines, want string }{
		"queue, agent, customer, agent": {`
			mon 09:00 she opens
			mon 09:10 ann takes
			mon 09:30 ann answers
			mon 10:00 she writes
			mon 10:05 ben answers
			mon 10:20 ann resolves`, "80/80 min: queue 10/10, ann 25/25, customer 45/45"},
		"over night, and put back": {`
			mon 16:30 she opens
			mon 16:40 ann takes
			mon 16:50 ann puts back
			tue 09:10 ben answers
			tue 09:20 ben resolves`, "1010/50 min: queue 990/30, ann 10/10, customer 10/10"},
		"what lies between the end and the reopening is nobody's": {`
			mon 09:00 she opens
			mon 09:10 ann answers
			mon 09:20 ann resolves
			mon 12:00 she writes
			mon 12:30 ben answers
			mon 12:40 ben closes`, "60/60 min: queue 10/10, customer 20/20, ann 30/30"},
		"set to wait for the customer": {`
			mon 09:00 ann starts
			mon 09:30 she writes
			mon 09:40 ann waits for the customer
			mon 10:00 ann resolves`, "60/60 min: customer 50/50, ann 10/10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := office(t)
			s := play(t, h.Zone(), tt.lines)
			got := measuring.Attribute(s.log, s.said, nil, h, s.now.Add(time.Hour))
			if text := describeParts(got); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

// describeParts writes a timeline in minutes, by the clock and in business hours: "80/60 min: queue 10/10, ann 70/50".
func describeParts(l measuring.Timeline) string {
	text := fmt.Sprintf("%g/%g min:", l.Wall.Minutes(), l.Open.Minutes())
	for i, p := range l.Parts {
		name := string(p.Waiter)
		if p.Agent != 0 {
			name = map[store.AgentID]string{ann: "ann", ben: "ben"}[p.Agent]
		}
		text += strings.Repeat(",", min(i, 1)) + fmt.Sprintf(" %s %g/%g", name, p.Wall.Minutes(), p.Open.Minutes())
	}
	return text
}

// An answer is the provider's from when it was sent until it left, or until that failed; then it is due again.
func TestTimelineOfSending(t *testing.T) {
	t.Parallel()
	h := office(t)
	s := play(t, h.Zone(), `
		mon 09:00 she opens
		mon 09:10 ann answers
		mon 09:15 she writes
		mon 09:40 ann answers`)
	left := map[store.MessageID]time.Time{}
	for i, m := range s.said {
		if m.Direction == store.DirectionOut {
			left[m.ID] = m.At.Add(time.Duration(4+i) * time.Minute)
		}
	}
	if got, want := describeParts(measuring.Attribute(s.log, s.said, left, h, s.now.Add(20*time.Minute))), "60/60 min: queue 10/10, provider 12/12, ann 25/25, customer 13/13"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.last().Fate = store.FateWaiting
	if got, want := describeParts(measuring.Attribute(s.log, s.said, left, h, s.now.Add(20*time.Minute))), "60/60 min: queue 10/10, provider 25/25, ann 25/25"; got != want {
		t.Errorf("still waiting: got  %s\nwant %s", got, want)
	}
}

// If an answer failed, an answer is due again from then on, until it is sent again; each attempt counts by itself.
func TestTimelineOfFailures(t *testing.T) {
	t.Parallel()
	h := office(t)
	s := play(t, h.Zone(), `
		mon 09:00 she opens
		mon 10:00 ann answers
		mon 10:05 she fails
		mon 12:00 ann sends again
		mon 12:02 she fails
		mon 13:00 ann sends again`)
	left := map[store.MessageID]time.Time{s.last().ID: s.now.Add(time.Minute)}
	if got, want := describeParts(measuring.Attribute(s.log, s.said, left, h, s.now.Add(time.Hour))), "300/300 min: queue 60/60, provider 8/8, ann 173/173, customer 59/59"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.now = s.now.Add(10 * time.Minute)
	s.step(t, ann, "fails")
	if got, want := describeParts(measuring.Attribute(s.log, s.said, left, h, s.now.Add(50*time.Minute))), "300/300 min: queue 60/60, provider 17/17, ann 223/223"; got != want {
		t.Errorf("failed in the end: got  %s\nwant %s", got, want)
	}
}

// Whatever happens, the parts sum up to the time in which the conversation was not resolved.
func TestTimelineSumsUp(t *testing.T) {
	t.Parallel()
	h := office(t)
	steps := []string{"writes", "answers", "fails", "is unclear", "sends again", "reopens", "takes", "joins", "puts back", "hands to billing",
		"waits for the customer", "resolves", "closes", "answers elsewhere", "undoes"}
	for range 300 {
		var ids store.MessageID
		s := newStory(7, &ids)
		s.now = time.Date(2026, 10, 23, 8, 0, 0, 0, time.UTC) // the clocks change two days later
		s.step(t, ann, []string{"opens", "starts", "promotes"}[rand.IntN(3)])
		left := map[store.MessageID]time.Time{}
		var whole, open time.Duration
		for range 30 {
			before, ran := s.now, s.open
			s.now = s.now.Add(time.Duration(rand.IntN(600)) * time.Minute)
			if ran {
				whole, open = whole+s.now.Sub(before), open+h.Between(before, s.now)
			}
			s.step(t, []store.AgentID{ann, ben}[rand.IntN(2)], steps[rand.IntN(len(steps))])
			if m := s.last(); m.ID != 0 && left[m.ID].IsZero() && rand.IntN(2) == 0 {
				left[m.ID] = s.now.Add(time.Duration(rand.IntN(90)) * time.Minute)
			}
		}
		got := measuring.Attribute(s.log, s.said, left, h, s.now)
		var wall, inHours time.Duration
		for _, p := range got.Parts {
			wall, inHours = wall+p.Wall, inHours+p.Open
		}
		if got.Wall != whole || got.Open != open {
			t.Fatalf("the timeline has %v, %v in business hours; want %v and %v, which the conversation took", got.Wall, got.Open, whole, open)
		}
		if wall != got.Wall || inHours != got.Open {
			t.Fatalf("the parts sum up to %v, %v in business hours; want %v and %v", wall, inHours, got.Wall, got.Open)
		}
	}
}
