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

// waitFor waits until done reports true. It is asked after everything that happens at Facebook or is accepted.
func (r *rig) waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := r.meta.Wait(ctx, done); err != nil {
		t.Fatalf("waited in vain for %s: %v", what, err)
	}
}

// Prefixes of the ids of facts.
const (
	messageFact = "m:"
	nameFact    = "n:"
)

// countFacts counts the accepted facts whose ids begin with a prefix, without taking them.
func (r *rig) countFacts(prefix string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.facts {
		if strings.HasPrefix(f.ExternalID, prefix) {
			n++
		}
	}
	return n
}

// profileRequests is how often Facebook was asked for a profile.
func (r *rig) profileRequests() int { return len(r.meta.RequestsTo("messenger.profile")) }

// The name of somebody new is read from her profile. Her messages don't wait for it, even while Facebook doesn't
// answer.
//
func TestNameFromTheProfile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionDelay})
	bo := r.page.Customer("Bo Chen")

	// While her profile isn't answered, her messages are accepted without a name.
	bo.Text("One")
	bo.Text("Two")
	r.waitFor(t, "her messages", func() bool { return r.countFacts(messageFact) == 2 })
	noError(t, r.meta.Settle(t.Context()))
	wantEqual(t, "names while her profile isn't answered", r.countFacts(nameFact), 0)

	// Then her name is accepted as a fact of its own.
	r.meta.ClearFaults()
	r.clock.move(2 * profileRetry) // on a slow machine the question was given up, and is asked again
	bo.Text("Three")
	r.waitFor(t, "her name", func() bool { return r.countFacts(nameFact+bo.ID()) == 1 })
	facts := r.takeFacts(t)
	i := slices.IndexFunc(facts, func(f channels.Fact) bool { return strings.HasPrefix(f.ExternalID, nameFact) })
	list, err := r.Decode(facts[i].Payload)
	if err != nil || len(list) != 1 {
		t.Fatalf("the name is decoded as %+v, %v; want one", list, err)
	}
	wantEqual(t, "name", list[0].From.Name, "Bo Chen")
	wantEqual(t, "whose name it is", list[0].From.Key, bo.ID())

	// Now that it is known, it isn't asked for again.
	known := r.profileRequests()
	bo.Text("Four")
	r.waitFor(t, "the fourth message", func() bool { return r.countFacts(messageFact) > 0 })
	wantEqual(t, "requests for profiles", r.profileRequests(), known)
}

// wantRequests lets a customer write, and checks how often profiles were asked for in all once that is over.
func (r *rig) wantRequests(t *testing.T, c *graphfake.PageCustomer, want int) {
	t.Helper()
	before := r.countFacts(messageFact)
	c.Text("Hello")
	r.waitFor(t, "the message", func() bool { return r.countFacts(messageFact) > before })
	r.waitFor(t, "the request for her profile", func() bool { return r.profileRequests() >= want })
	r.waitFor(t, "the end of that request", r.profiles.isIdle)
	wantEqual(t, "requests for profiles", r.profileRequests(), want)
}

// Who keeps her profile to herself is asked for again a day later. In the meantime her name is looked for among the conversations.
func TestPrivateProfile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	private := r.page.Customer("Ann Private")
	private.HideProfile()
	r.wantRequests(t, private, 1)
	<-r.newcomer
	r.wantRequests(t, private, 1)
	r.clock.move(profileAgain)
	r.wantRequests(t, private, 2)
	<-r.newcomer
	wantEqual(t, "names that are known", r.countFacts(nameFact), 0)
}

// A Page that may not ask for profiles, or should pause, asks for nobody for an hour. In the meantime names are looked for
// among the conversations.
func TestProfileRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionError, Code: 10})
	r.wantRequests(t, r.page.Customer("Kim Roe"), 1)
	<-r.newcomer
	r.wantRequests(t, r.page.Customer("Lou"), 1)
	<-r.newcomer
	r.clock.move(profilePause + time.Second)
	r.wantRequests(t, r.page.Customer("Max Moe"), 2)
	r.waitFor(t, "his name", func() bool { return r.countFacts(nameFact) == 1 })
}

// isIdle reports whether nobody's profile is being asked for, or about to be.
func (p *profiles) isIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asking == 0 && len(p.waiting) == 0
}
