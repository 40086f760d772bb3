package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A tag that was made by one replica is known to the others.
func TestSettingsReachReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	thread := w.openThread()
	w.reply(thread, "!tag Brand new, Billing")
	w.waitCard(thread, "Brand new,Billing")
	for _, e := range w.engines {
		w.eventually("it knows the tag", func() bool {
			tags := must(e.Desk(w.surface).TagNames(t.Context()))(t)
			return slices.ContainsFunc(tags, func(tag bridge.Tag) bool { return tag.Name == "Brand new" })
		})
	}
}
