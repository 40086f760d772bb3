package engine_test

import (
	"slices"
	"testing"

	"parley/bridge/engine"
	"parley/store"
)

func newNames() *engine.Directory {
	return engine.NewDirectory(store.Directory{Agents: []store.Agent{
		{ID: 1, Name: "Ann Brown", Email: "ann@example.com", Active: true},
		{ID: 2, Name: "Ann Lee", Email: "lee@example.com"},
		{ID: 3, Name: "Ben", Email: "ben@example.com", Active: true},
		{ID: 4, Name: "Ben Ode", Email: "ode@example.com", Active: true},
		{ID: 5, Name: "Zoé Kim", Active: true},
		{ID: 6, Name: "Zoé Lang", Active: true},
	}})
}

func TestFind(t *testing.T) {
	t.Parallel()
	for who, want := range map[string]store.AgentID{
		" @ann ": 1, "ANN brown": 1, "Ann@Example.com": 1,
		"Ann Lee": 0, "lee@example.com": 0, // inactive
		"ben": 3, "Ben Ode": 4, // a whole name before a first name
		"zoé": 0, "ZOÉ KIM": 5, // two have the first name
		"": 0, "@": 0, "kim": 0,
	} {
		var got store.AgentID
		if a := newNames().Find(7, who); a != nil {
			got = a.ID
		}
		if got != want {
			t.Errorf("Find(%q) is agent %d, want %d", who, got, want)
		}
	}
}

func TestNamedIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]store.AgentID{
		"@Ann, please ask @ben ode and @ann brown": {1, 4},
		"@Ann Lee knows":                     nil, // she has left, and Ann Brown isn't meant
		"@ann@example.com!":                  {1},
		"write to info@ann or @anna or @zoé": nil,
		"@ @ben":                             {3},
		"@":                                  nil,
	} {
		var got []store.AgentID
		for _, a := range newNames().NamedIn(text) {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("NamedIn(%q) is %d, want %d", text, got, want)
		}
	}
}
