package meta

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parley/channels"
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
