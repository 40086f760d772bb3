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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// wantNameFact checks that one of the facts is the name of a customer, and no other fact is a name.
func (r *rig) wantNameFact(t *testing.T, facts []channels.Fact, customer, name string) {
	t.Helper()
	isName := func(f channels.Fact) bool { return strings.HasPrefix(f.ExternalID, nameFact) }
	i := slices.IndexFunc(facts, isName)
	if i < 0 {
		t.Fatalf("got the facts %+v, want a name among them", facts)
	}
	list, err := r.Decode(facts[i].Payload)
	noError(t, err)
	if len(list) != 1 {
		t.Fatalf("the name is decoded as %+v, want one thing", list)
	}
	wantEqual(t, "name", list[0].From.Name, name)
	wantEqual(t, "customer of the name", list[0].From.Key, customer)
	if slices.ContainsFunc(facts[i+1:], isName) {
		t.Errorf("got the facts %+v, want one name", facts)
	}
}

// The name of somebody new is read from the profile, and is a fact of its own.
// Requirement R-191: The name that the channel tells.
func TestNameFromTheProfile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bo := r.page.Customer("Bo Chen")
	bo.Text("One")
	r.waitFor(t, "the name", func() bool { return r.countFacts(nameFact+bo.ID()) == 1 })
	r.wantNameFact(t, r.takeFacts(t), bo.ID(), "Bo Chen")
}

// Messages don't wait for the name: while Facebook doesn't answer, they are accepted without it.
// Requirement R-191: The name that the channel tells.
func TestMessagesDontWaitForTheName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionDelay})
	bo := r.page.Customer("Bo Chen")
	bo.Text("One")
	bo.Text("Two")
	r.waitFor(t, "the messages", func() bool { return r.countFacts(messageFact) == 2 })
	noError(t, r.meta.Settle(t.Context()))
	wantEqual(t, "number of names", r.countFacts(nameFact), 0)

	r.meta.ClearFaults()
	r.clock.move(2 * profileRetry) // on a slow machine the question was given up, and is asked again
	bo.Text("Three")
	r.waitFor(t, "the name", func() bool { return r.countFacts(nameFact+bo.ID()) == 1 })
	r.wantNameFact(t, r.takeFacts(t), bo.ID(), "Bo Chen")
}

// A name that is known isn't asked for again.
// Requirement R-191: The name that the channel tells.
func TestKnownNameIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bo := r.page.Customer("Bo Chen")
	bo.Text("One")
	r.waitFor(t, "the name", func() bool { return r.countFacts(nameFact+bo.ID()) == 1 })
	before := r.profileRequests()
	bo.Text("Two")
	r.waitFor(t, "the second message", func() bool { return r.countFacts(messageFact) == 2 })
	r.waitFor(t, "the end of requests", r.profiles.isIdle)
	wantEqual(t, "number of requests for profiles", r.profileRequests(), before)
}

// wantRequests lets a customer write, and checks how often profiles were asked for in all, once Facebook has answered.
func (r *rig) wantRequests(t *testing.T, c *graphfake.PageCustomer, want int) {
	t.Helper()
	before := r.countFacts(messageFact)
	c.Text("Hello")
	r.waitFor(t, "the message", func() bool { return r.countFacts(messageFact) > before })
	r.waitFor(t, "the request for the profile", func() bool { return r.profileRequests() >= want })
	r.waitFor(t, "the end of that request", r.profiles.isIdle)
	wantEqual(t, "number of requests for profiles", r.profileRequests(), want)
}

// waitForSearch waits until the channel wants to look for names among the conversations.
func (r *rig) waitForSearch(t *testing.T) {
	t.Helper()
	select {
	case <-r.newcomer:
	case <-time.After(patience):
		t.Fatal("no name is looked for among the conversations")
	}
}

// A customer who hides the profile is asked for again a day later. In the meantime the name is looked for among the conversations.
func TestHiddenProfile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hidden := r.page.Customer("Ann Hidden")
	hidden.HideProfile()
	r.wantRequests(t, hidden, 1)
	r.waitForSearch(t)
	r.wantRequests(t, hidden, 1)

	r.clock.move(profileAgain)
	r.wantRequests(t, hidden, 2)
	r.waitForSearch(t)
	wantEqual(t, "number of names", r.countFacts(nameFact), 0)
}

// A Page that may not ask for profiles, or should pause, asks for nobody for an hour. In the meantime names are looked for
// among the conversations.
func TestProfilesRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.profile", Action: graphfake.ActionError, Code: 10})
	r.wantRequests(t, r.page.Customer("Kim Roe"), 1)
	r.waitForSearch(t)
	r.wantRequests(t, r.page.Customer("Lou"), 1)
	r.waitForSearch(t)

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
