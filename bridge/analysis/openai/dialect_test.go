package openai

import (
	"strings"
	"testing"

	"parley/bridge/analysis"
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

// A server that takes no schema is told the shape of an answer in words. A server that takes one isn't.
func TestShapeInWords(t *testing.T) {
	t.Parallel()
	for _, tt := range dialectCases() {
		if tt.first == 1 || tt.can.Ignores {
			continue // nothing was learned; or the words follow because the schema was ignored
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.can)
			w.wantModel()
			w.wantModel()
			beginning := shapeText[:40]
			last := w.fake.Requests()[tt.first]
			if got, want := strings.Contains(string(last.Body), beginning), !tt.can.Schema; got != want {
				t.Errorf("the shape is told in words: got %v, want %v", got, want)
			}
		})
	}
}

// OpenAI itself is asked with the newer name of the limit from the beginning.
func TestDialectOfOpenAI(t *testing.T) {
	t.Parallel()
	_, host, err := parseBase("")
	if err != nil {
		t.Fatal(err)
	}
	r := newDialect(newClock().now, host).nextRequest()
	if r.limit != maxCompletionTokens {
		t.Errorf("got the limit %v, want %v", r.limit, maxCompletionTokens)
	}
	if r.format != bySchema {
		t.Errorf("got the form %v, want %v", r.format, bySchema)
	}
}

// The client library refuses some parameters by the model's name, before the server could. Parley then asks without them,
// too.
func TestReasoningModelsByName(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"o3-mini", "gpt-5", "gpt-5-mini", "o1"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Reasoning(), func(o *Options) { o.Model = model })
			w.fake.Misbehave(openaifake.Around("", "")) // the server answers, although it calls its model otherwise
			a := w.ask()
			if a.Degraded || a.By != model {
				t.Errorf("got the answer %+v, want the model's; the stats are %+v", a, w.Stats())
			}
		})
	}
}

// hasSchema reports whether the last request that the server got had a schema.
func (w *world) hasSchema() bool {
	all := w.fake.Requests()
	return strings.Contains(string(all[len(all)-1].Body), "json_schema")
}

// If an analysis has the right shape but wrong values, the next request still has the schema. If it has another shape, the
// server ignores the schema, and the next request has none.
func TestWrongAnswerAndTheSchema(t *testing.T) {
	t.Parallel()
	withUnknownTag, withLongReason := goodAnswer(), goodAnswer()
	withUnknownTag.Tags = []string{"unknown"}
	withLongReason.Urgency.Because = strings.Repeat("long ", maxValue)
	tests := []struct {
		name    string
		content string
		want    bool // the next request has a schema
	}{
		{name: "unknown tag", content: openaifake.FormatAnswer(withUnknownTag), want: true},
		{name: "long reason", content: openaifake.FormatAnswer(withLongReason), want: true},
		{name: "no object", content: "Hi!", want: false},
		{name: "missing fields", content: `{"language":"en"}`, want: false},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.modelSays(tt.content)
			w.wantFallback(Invalid)

			w.modelWorks()
			w.wantModel()
			if got := w.hasSchema(); got != tt.want {
				t.Errorf("the next request has a schema: got %v, want %v", got, tt.want)
			}
		})
	}
}

// If a text is left out, the next request still has the schema. If the answer has another shape, the server ignores the
// schema, and the next request has none.
func TestWrongTextAndTheSchema(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		content string
		want    bool // the next request has a schema
	}{
		{name: "text that is left out", content: openaifake.FormatText("See https://evil.example/login"), want: true},
		{name: "empty text", content: openaifake.FormatText(""), want: true},
		{name: "another field", content: `{"words":"Done."}`, want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.modelSays(tt.content)
			if text, err := w.Write(t.Context(), writingRequest(analysis.Rephrase)); err == nil {
				t.Errorf("got the text %q, want an error", text.Text)
			}

			w.modelWorks()
			w.wantModel()
			if got := w.hasSchema(); got != tt.want {
				t.Errorf("the next request has a schema: got %v, want %v", got, tt.want)
			}
		})
	}
}
