package openai

import (
	"testing"

	"parley/bridge/analysis/openai/openaifake"
)

// A dialect is what a server understands: a schema or JSON mode, a limit of tokens under one name or another, a temperature.

// dialectCase is a server, and what asking it takes.
type dialectCase struct {
	name  string
	can   openaifake.Abilities
	first int64 // requests until the first answer
}

func dialectCases() []dialectCase {
	with := func(change func(*openaifake.Abilities)) openaifake.Abilities {
		a := openaifake.Modern()
		change(&a)
		return a
	}
	return []dialectCase{
		{name: "everything", can: openaifake.Modern(), first: 1},
		{name: "reasoning model, without max_tokens and temperature", can: openaifake.Reasoning(), first: 3},
		{name: "old server, without response_format", can: openaifake.Old(), first: 3},
		{name: "JSON mode alone", can: with(func(a *openaifake.Abilities) { a.Schema = false }), first: 2},
		{
			name:  "JSON mode alone, refusing with 422",
			can:   with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 422 }),
			first: 2,
		},
		{
			name:  "JSON mode alone, refusing with 404",
			can:   with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 404 }),
			first: 2,
		},
		{
			name:  "JSON mode alone, refusing with 501",
			can:   with(func(a *openaifake.Abilities) { a.Schema, a.RefuseWith = false, 501 }),
			first: 2,
		},
		{name: "schema that is taken and ignored", can: with(func(a *openaifake.Abilities) { a.Ignores = true }), first: 2},
		{
			name:  "no limit of tokens",
			can:   with(func(a *openaifake.Abilities) { a.MaxTokens, a.MaxCompletionTokens = false, false }),
			first: 3,
		},
		{name: "nothing", can: openaifake.Abilities{}, first: 6},
	}
}

// A parameter that a server refused once isn't sent again for an hour.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, tt := range dialectCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.can)
			w.wantModel()
			w.wantRequests("after the first answer", tt.first)
			w.wantModel()
			w.wantRequests("after the second answer", tt.first+1)
			w.clock.add(learnedFor)
			w.wantModel()
			w.wantRequests("after the first answer an hour later", tt.first+1+tt.first)
		})
	}
}
