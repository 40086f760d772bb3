package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/store"
)

// The tests play stories with play (story_test.go). A line of a story is a day, a time and who did what, such as "mon
// 09:10 ann takes". "she" is the customer. The office is open from 9:00 to 17:00 on weekdays.

// inQueue, atAgent, atCustomer and atProvider make a part of a timeline, with its minutes by the clock and in business
// hours.
func inQueue(wall, open time.Duration) engine.Spent {
	return engine.Spent{Waiter: bridge.OnQueue, Wall: wall * time.Minute, Open: open * time.Minute}
}

func atAgent(agent store.AgentID, wall, open time.Duration) engine.Spent {
	return engine.Spent{Waiter: bridge.OnAgent, Agent: agent, Wall: wall * time.Minute, Open: open * time.Minute}
}

func atCustomer(wall, open time.Duration) engine.Spent {
	return engine.Spent{Waiter: bridge.OnCustomer, Wall: wall * time.Minute, Open: open * time.Minute}
}

// wantTimeline checks the parts of a timeline, in order, and that the timeline lasted as long as their sum.
func wantTimeline(t *testing.T, got engine.Timeline, parts ...engine.Spent) {
	t.Helper()
	if !slices.Equal(got.Parts, parts) {
		t.Errorf("parts:\ngot  %+v\nwant %+v", got.Parts, parts)
	}
	var wall, open time.Duration
	for _, p := range parts {
		wall += p.Wall
		open += p.Open
	}
	if got.Wall != wall {
		t.Errorf("it lasted for %s by the clock, want %s", got.Wall, wall)
	}
	if got.Open != open {
		t.Errorf("it lasted for %s in business hours, want %s", got.Open, open)
	}
}

// Each minute of a conversation is attributed to whoever had to act (queue, agent, customer or provider), and the parts
// add up to the whole.
// Requirement R-263: Why something was done.
func TestTimeline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		story string
		want  []engine.Spent
	}{
		{
			name: "the queue's until an agent takes it, then in turn",
			story: `
				mon 09:00 she opens
				mon 09:10 ann takes
				mon 09:30 ann answers
				mon 10:00 she writes
				mon 10:05 ben answers
				mon 10:20 ann resolves`,
			want: []engine.Spent{inQueue(10, 10), atAgent(ann, 25, 25), atCustomer(45, 45)},
		},
		{
			name: "the queue's again when it is put back, over a night",
			story: `
				mon 16:30 she opens
				mon 16:40 ann takes
				mon 16:50 ann puts back
				tue 09:10 ben answers
				tue 09:20 ben resolves`,
			want: []engine.Spent{inQueue(990, 30), atAgent(ann, 10, 10), atCustomer(10, 10)},
		},
		{
			name: "the queue's again when it is opened again unanswered",
			story: `
				mon 09:00 she opens
				mon 09:10 ann resolves
				mon 09:20 ann reopens
				mon 09:35 ben answers
				mon 09:40 ben resolves`,
			want: []engine.Spent{inQueue(25, 25), atCustomer(5, 5)},
		},
		{
			name: "nobody's between its end and its reopening",
			story: `
				mon 09:00 she opens
				mon 09:10 ann answers
				mon 09:20 ann resolves
				mon 12:00 she writes
				mon 12:30 ben answers
				mon 12:40 ben closes`,
			want: []engine.Spent{inQueue(10, 10), atCustomer(20, 20), atAgent(ann, 30, 30)},
		},
		{
			name: "the customer's when it is set to wait for her",
			story: `
				mon 09:00 ann starts
				mon 09:30 she writes
				mon 09:40 ann waits for the customer
				mon 10:00 ann resolves`,
			want: []engine.Spent{atCustomer(50, 50), atAgent(ann, 10, 10)},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := office(t)
			s := play(t, h.Zone(), tt.story)
			got := engine.Attribute(s.log, s.said, nil, h, s.now.Add(time.Hour))
			wantTimeline(t, got, tt.want...)
		})
	}
}

// In any story the parts add up to the time in which the conversation was not resolved.
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

		got := engine.Attribute(s.log, s.said, left, h, s.now)
		var wall, inHours time.Duration
		for _, p := range got.Parts {
			wall, inHours = wall+p.Wall, inHours+p.Open
		}

		if got.Wall != whole || got.Open != open {
			t.Fatalf("the timeline lasted for %v, %v in business hours; want %v and %v, as the conversation", got.Wall, got.Open, whole, open)
		}
		if wall != got.Wall || inHours != got.Open {
			t.Fatalf("the parts sum up to %v, %v in business hours; want %v and %v", wall, inHours, got.Wall, got.Open)
		}
	}
}
