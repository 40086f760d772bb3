package messenger

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// waits waits until done says so, which it is asked after everything that happens at Facebook or is accepted.
func (r *rig) waits(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := r.meta.Wait(ctx, done); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// accepted counts the accepted facts whose ids begin with a prefix.
func (r *rig) accepted(prefix string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.facts {
		if strings.HasPrefix(f.ExternalID, prefix) {
			n++
		}
	}
	return n
}

func (r *rig) asked() int { return len(r.meta.RequestsTo("messenger.profile")) }

// The name of somebody new is read from her profile. Her messages don't wait for it, even while Facebook doesn't
// answer.
//
func TestNameFromTheProfile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionDelay})
	bo := r.page.Customer("Bo Chen")
	bo.Text("One")
	bo.Text("Two")
	r.waits(t, "her messages", func() bool { return r.accepted("m:") == 2 })
	if err := r.meta.Settle(t.Context()); err != nil || r.accepted("n:") != 0 {
		t.Fatalf("while her profile isn't answered: %v", err)
	}
	r.meta.ClearFaults()
	r.clock.move(2 * profileRetry) // on a slow machine the question was given up, and is asked again
	bo.Text("Three")
	r.waits(t, "her name", func() bool { return r.accepted("n:"+bo.ID()) == 1 })
	facts := r.take(t)
	i := slices.IndexFunc(facts, func(f channels.Fact) bool { return strings.HasPrefix(f.ExternalID, "n:") })
	list, err := r.Decode(facts[i].Payload)
	if err != nil || len(list) != 1 || list[0].From.Name != "Bo Chen" || list[0].From.Key != bo.ID() {
		t.Errorf("%+v, %v", list, err)
	}
	asked := r.asked()
	bo.Text("Four")
	r.waits(t, "the fourth", func() bool { return r.accepted("m:") > 0 })
	if n := r.asked(); n != asked {
		t.Errorf("asked again, %d times", n)
	}
}

// Who keeps her profile to herself is asked for again a day later. A Page that may not ask, or should pause, asks for
// nobody for an hour. In the meantime names are looked for among the conversations.
func TestProfileRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	writes := func(c *graphfake.PageCustomer, questions int) {
		t.Helper()
		before := r.accepted("m:")
		c.Text("Hello")
		r.waits(t, "the message", func() bool { return r.accepted("m:") > before })
		r.waits(t, "the question", func() bool { return r.asked() >= questions })
		r.waits(t, "its end", func() bool { return r.profiles.idle() })
		if n := r.asked(); n != questions {
			t.Errorf("asked %d times, want %d", n, questions)
		}
	}
	private, kim, lou := r.page.Customer("Ann Private"), r.page.Customer("Kim Roe"), r.page.Customer("Lou")
	private.HideProfile()
	writes(private, 1)
	<-r.newcomer
	writes(private, 1)
	r.clock.move(profileAgain)
	writes(private, 2)
	<-r.newcomer
	if r.accepted("n:") != 0 {
		t.Error("a name that nobody told")
	}
	r.fault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionError, Code: 10})
	writes(kim, 3)
	<-r.newcomer
	writes(lou, 3)
	<-r.newcomer
	r.clock.move(profilePause + time.Second)
	writes(r.page.Customer("Max Moe"), 4)
	r.waits(t, "his name", func() bool { return r.accepted("n:") == 1 })
}

// idle says whether nobody's profile is being asked for, or about to be.
func (p *profiles) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asking == 0 && len(p.waiting) == 0
}
