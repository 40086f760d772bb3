package openai

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge/analysis/openai/openaifake"
)

// A model's answer comes back whole, with the links that the desk's patterns make.
func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	want := goodAnswer()
	want.By = byModel
	want.References[0].Link = "https://shop.example/orders/4711-22"
	if got := w.ask(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	w.wantWorking()
	if text := w.Condition().Text; text != "" {
		t.Errorf("got the condition's text %q, want none", text)
	}
}

// The JSON of an answer is found among other text of the model.
func TestAnswerWithinOtherText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before string
		after  string
	}{
		{name: "in a block of code that says JSON", before: "```json\n", after: "\n```"},
		{name: "in a block of code, before words with braces", before: "```\n", after: "\n```\nI hope this helps {really}!"},
		{name: "between words", before: "Here you are:\n\n", after: "\n\nAnything else?"},
		{name: "behind thoughts with JSON", before: `<think>The customer wrote {"urgent": true}. {"a":{}} Hmm {</think>`},
		{name: "behind a mark of byte order", before: "\ufeff  \n", after: "\n"},
		{name: "behind the customer's JSON", before: `The customer's text is {"text":"x"} so I say: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Misbehave(openaifake.Around(tt.before, tt.after))
			w.wantModel()
			w.wantRequests("after the answer", 1)
		})
	}
}

// The region behind a language is left out.
func TestLanguageOfAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		language string
		want     string
	}{
		{language: "pt-BR", want: "pt"},
		{language: "DE", want: "de"},
		{language: "zh_Hant", want: "zh"},
		{language: "", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.language, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			answer := goodAnswer()
			answer.Language = tt.language
			w.fake.Misbehave(openaifake.Say(openaifake.FormatAnswer(answer), "stop"))
			got := w.ask()
			if got.Degraded {
				t.Fatalf("got the answer %+v, want the model's", got)
			}
			if got.Language != tt.want {
				t.Errorf("got the language %q, want %q", got.Language, tt.want)
			}
		})
	}
}

// malformed is an answer of the model that breaks a rule, and words by which the model is told of it.
type malformed struct {
	name    string
	content string
	rule    string
}

func malformedAnswers() []malformed {
	good := openaifake.FormatAnswer(goodAnswer())
	with := func(old, changed string) string { return strings.Replace(good, old, changed, 1) }
	return []malformed{
		// Fields and types.
		{"unknown field", with(`{"actions"`, `{"extra":1,"actions"`), "fields that were not asked for"},
		{"unknown field of a reference", with(`"kind":"order"`, `"kind":"order","x":1`), "wrong name or type"},
		{"missing field", with(`,"urgent":true`, ``), "urgent"},
		{"field in capitals", with(`"urgent"`, `"Urgent"`), "urgent"},
		{"string for a boolean", with(`"urgent":true`, `"urgent":"yes"`), "bool"},
		{"null for a list", with(`["delivery"]`, `null`), "null"},

		// Unknown names.
		{"unknown sentiment", with(`"frustrated"`, `"furious"`), "sentiment"},
		{"name of a language for its code", with(`"language":"en"`, `"language":"English"`), "639-1"},
		{"unknown tag", with(`["delivery"]`, `["spam"]`), "tags"},
		{"unknown intent", with(`["order_status"]`, `["refund_all"]`), "intents"},
		{"unknown kind of number", with(`"kind":"order"`, `"kind":"card"`), "kind"},
		{"unknown source", with(`["tpl-1"]`, `["tpl-9"]`), "sources"},
		{"unknown action", with(`"name":"priority"`, `"name":"delete"`), "action"},

		// Lengths.
		{"long reply", with(`on its way`, strings.Repeat("on its way ", 400)), "too long"},
		{"long reason", with(`need it today`, strings.Repeat("today ", 60)), "because"},
		{"long list", with(`["delivery"]`, `["delivery"`+strings.Repeat(`,"delivery"`, 30)+`]`), "entries"},
		{"very long answer", strings.Repeat("x", maxContent+1), "too long"},

		// No object at all.
		{"words", "I think the customer is angry.", "no JSON object"},
		{"half an object", good[:40], "no JSON object"},
		{"array", `[1,2]`, "no JSON object"},
	}
}

// A model whose answer breaks a rule is shown the answer and told the rule, and may answer once more.
func TestRepair(t *testing.T) {
	t.Parallel()
	for _, tt := range malformedAnswers() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.content == openaifake.FormatAnswer(goodAnswer()) {
				t.Fatal("the answer isn't malformed")
			}

			w := newWorld(t, openaifake.Modern())
			w.fake.Misbehave(openaifake.Say(tt.content, "stop"))
			w.wantModel()

			all := w.fake.Requests()
			if len(all) != 2 {
				t.Fatalf("got %d requests, want two", len(all))
			}
			repair := all[1]
			if !repair.Seen.Repair {
				t.Errorf("the second request %s doesn't show the answer", repair.Body)
			}
			if !strings.Contains(string(repair.Body), tt.rule) {
				t.Errorf("the second request %s doesn't name the rule %q", repair.Body, tt.rule)
			}
			if n := w.Stats().Repairs; n != 1 {
				t.Errorf("got %d repairs, want one", n)
			}
		})
	}
}
