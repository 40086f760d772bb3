package analysis

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// checked returns a question whose customer names numbers, links and addresses, asked for a desk that has something of every
// kind. An answer may name only what this question contains.
func checked() Question {
	return Question{
		Burst: []Message{{
			Subject: "Order 4711-22",
			Text: `Where is   my
order? I need it today, write to kim@example.com or call +49 170 1234567.
I saw https://shop.example/sale and http://evil.example/pay. Ref RE-99, bank 12345678901.`,
			Files: []string{"bill-555.pdf"},
		}},
		Before: []Message{{Text: "my quote is Q-77"}, {FromAgent: true, Text: "See https://help.example/start, order 8888-11"}},
		Desk: Desk{
			Tags: []Tag{{Name: "vip"}, {Name: "delivery"}, {Name: "a"}, {Name: "b"}},
			References: []Pattern{
				{Kind: "order", Regexp: `\d{4}-\d{2}`, Link: "https://shop.example/orders/{number}"},
				{Kind: "bill"},
				{Kind: "quote"},
			},
			Sources: []Source{
				{
					ID:    "tpl-1",
					Title: "Tracking",
					Link:  "https://shop.example/track?a=1",
					Text:  "Mail info@shop.example or call 030 555 0100",
				},
				{ID: "tpl-2", Text: "See https://shop.example/returns"},
			},
			Actions: []ActionName{Snooze, Template, Priority},
		},
	}
}

// Check leaves out intents and tags that the desk doesn't have, duplicates, and those above the limit. It also leaves out a
// language code of a wrong form, and makes an unknown sentiment neutral. It keeps By, which names the author of the answer,
// and Degraded.
func TestCheckKeepsKnownNames(t *testing.T) {
	t.Parallel()
	got := Check(checked(), Answer{
		Language:  "xxx",
		Sentiment: "furious",
		Intents:   []string{"nope", "problem", "problem", "billing", "quote"},
		Tags:      []string{"spam", "vip", "vip", "a", "b", "delivery"},
		By:        "m",
		Degraded:  true,
	})
	want := Answer{
		Sentiment: Neutral,
		Intents:   []string{"problem", "billing"},
		Tags:      []string{"vip", "a", "b"},
		By:        "m",
		Degraded:  true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("checked as\n     %+v\nwant %+v", got, want)
	}
}

// If a desk has intents of its own, Check keeps no others.
func TestCheckKeepsIntentsOfTheDesk(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Desk.Intents = []Intent{{Name: "own"}}
	got := Check(q, Answer{Language: "de", Sentiment: Pressing, Intents: []string{"problem", "own"}})
	want := Answer{Language: "de", Sentiment: Pressing, Intents: []string{"own"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("checked as\n     %+v\nwant %+v", got, want)
	}
}

// Check keeps the first two suggested actions that the desk allows. Their values must be valid: a date, a source.
func TestCheckActions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		actions []Action
		want    []Action
	}{
		{
			name: "each that can't be done is left out, then those that are too many",
			actions: []Action{
				{"delete", "all"},      // no action
				{Template, "tpl-9"},    // no source
				{Priority, "low"},      // no priority
				{Snooze, "tomorrow"},   // no date
				{Snooze, "2026-13-01"}, // no date
				{Template, "tpl-1"},
				{Template, "tpl-1"}, // is there already
				{Snooze, "2026-11-27T10:00:00Z"},
				{Priority, "high"}, // the third one
			},
			want: []Action{{Template, "tpl-1"}, {Snooze, "2026-11-27T10:00:00Z"}},
		},
		{
			name:    "a template and a day",
			actions: []Action{{Template, "tpl-1"}, {Snooze, "2026-11-27"}},
			want:    []Action{{Template, "tpl-1"}, {Snooze, "2026-11-27"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Check(checked(), Answer{Actions: tt.actions}).Actions; !slices.Equal(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Check keeps no suggested action if the desk allows none.
func TestCheckActionsOfADeskWithoutAny(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Desk.Actions = nil
	if got := Check(q, Answer{Actions: []Action{{Template, "tpl-1"}, {Priority, "high"}}}).Actions; got != nil {
		t.Errorf("got %+v, want none", got)
	}
}

// Check keeps a reason of urgency only if the customer wrote these words. Without the reason, the answer remains urgent.
func TestCheckReasonOfUrgency(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		reason string
		want   string
	}{
		{name: "the customer's words", reason: "I need it today", want: "I need it today"},
		{name: "with other white space", reason: " Where is my  order? ", want: "Where is my order?"},
		{name: "the name of a file", reason: "bill-555.pdf", want: "bill-555.pdf"},
		{name: "with a sign that turns the text around", reason: "I need\u202e it today", want: "I need it today"},
		{name: "other words", reason: "The customer threatens to leave", want: ""},
		{name: "an agent's words", reason: "See https://help.example/start", want: ""},
		{name: "in other letters", reason: "i need it today", want: ""},
		{name: "too long", reason: strings.Repeat("x", 121), want: ""},
		{name: "none", reason: "", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Check(checked(), Answer{Urgency: Urgency{Urgent: true, Because: tt.reason}}).Urgency
			if !got.Urgent {
				t.Error("the urgency is lost")
			}
			if got.Because != tt.want {
				t.Errorf("%q: got the reason %q, want %q", tt.reason, got.Because, tt.want)
			}
		})
	}
}

func TestCheckReasonWithoutUrgency(t *testing.T) {
	t.Parallel()
	got := Check(checked(), Answer{Urgency: Urgency{Because: "I need it today"}}).Urgency
	if want := (Urgency{}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A reason with a mention is left out even if the customer wrote it. It is shown in a thread, where the mention would notify
// people.
func TestCheckReasonWithAMention(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Burst[0].Text = "now <!channel> now"
	got := Check(q, Answer{Urgency: Urgency{Urgent: true, Because: "now <!channel>"}}).Urgency
	if got.Because != "" {
		t.Errorf("got the reason %q, want none", got.Because)
	}
}

// Check keeps a reference number once, if the customer wrote it, as a whole, and the desk has its kind. It keeps the
// number's link only if one of the desk's patterns makes the same link.
func TestCheckReferences(t *testing.T) {
	t.Parallel()
	const link = "https://shop.example/orders/4711-22"
	tests := []struct {
		name      string
		reference Reference
		want      []Reference
	}{
		{
			name:      "the customer's, with the desk's link",
			reference: Reference{"order", "4711-22", link},
			want:      []Reference{{"order", "4711-22", link}},
		},
		{
			name:      "another link",
			reference: Reference{"order", " 4711-22 ", "https://evil.example/4711-22"},
			want:      []Reference{{"order", "4711-22", ""}},
		},
		{
			name:      "a link of another kind",
			reference: Reference{"bill", "RE-99", "https://shop.example/orders/RE-99"},
			want:      []Reference{{"bill", "RE-99", ""}},
		},
		{name: "in the name of a file", reference: Reference{"bill", "555", ""}, want: []Reference{{"bill", "555", ""}}},
		{
			name:      "in an earlier message of the customer",
			reference: Reference{"quote", "Q-77", ""},
			want:      []Reference{{"quote", "Q-77", ""}},
		},
		{name: "the agent's", reference: Reference{"order", "8888-11", ""}},
		{name: "the beginning of a number", reference: Reference{"order", "4711-2", ""}},
		{name: "the middle of a number", reference: Reference{"bill", "2345678", ""}},
		{name: "empty", reference: Reference{"bill", "", ""}},
		{name: "nobody wrote it", reference: Reference{"bill", "0000", ""}},
		{name: "an unknown kind", reference: Reference{"card", "RE-99", ""}},
		{name: "with a sign that isn't seen", reference: Reference{"bill", "RE-99\u200b", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			twice := []Reference{tt.reference, tt.reference}
			if got := Check(checked(), Answer{References: twice}).References; !slices.Equal(got, tt.want) {
				t.Errorf("twice %+v: got %+v, want %+v", tt.reference, got, tt.want)
			}
		})
	}
}

// If a desk has no patterns, Check accepts the usual kinds of numbers, without links.
func TestCheckReferencesWithoutPatterns(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Desk.References = nil
	got := Check(q, Answer{References: []Reference{
		{Kind: "order", Value: "4711-22", Link: "https://x.example"},
		{Kind: "bill", Value: "RE-99"},
	}}).References
	if want := []Reference{{Kind: "order", Value: "4711-22"}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A number gets the link of the pattern whose expression finds it. A pattern without an expression is used only if no other
// finds the number.
func TestCheckLinkOfReference(t *testing.T) {
	t.Parallel()
	q := Question{
		Burst: []Message{{Text: "My orders SO-1, WEB-2 and 4711-22"}},
		Desk: Desk{References: []Pattern{
			{Kind: "order", Regexp: `WEB-\d+`, Link: "https://web.example/{number}"},
			{Kind: "order", Regexp: `orders (SO-\d+)`, Link: "https://shop.example/{number}"},
			{Kind: "order", Link: "https://rest.example/{number}"},
		}},
	}
	for number, host := range map[string]string{"SO-1": "shop", "WEB-2": "web", "4711-22": "rest"} {
		want := Reference{Kind: "order", Value: number, Link: "https://" + host + ".example/" + number}
		if got := q.LinkTo("order", number); got != want.Link {
			t.Errorf("%s leads to %q, want %q", number, got, want.Link)
		}

		// Check keeps only the link of the right pattern.
		others := []Reference{want}
		for _, other := range []string{"shop", "web", "rest"} {
			others = append(others, Reference{Kind: "order", Value: number, Link: "https://" + other + ".example/" + number})
		}
		wants := []Reference{want, {Kind: "order", Value: number}}
		if got := Check(q, Answer{References: others}).References; !slices.Equal(got, wants) {
			t.Errorf("with links of all patterns: got %+v, want %+v", got, wants)
		}
	}
}

// Check leaves out replies that are empty, too long or duplicates, and keeps the first three of the rest.
func TestCheckReplies(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("é", 2000)
	got := Check(checked(), Answer{Replies: []Reply{
		{Text: "  "},          // empty
		{Text: longest + "é"}, // too long
		{Text: "One"},
		{Text: "One"}, // there already
		{Text: longest},
		{Text: "Three"},
		{Text: "Four"}, // the fourth one
	}}).Replies
	want := []Reply{{Text: "One"}, {Text: longest}, {Text: "Three"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Check writes all line breaks of a reply as \n, and removes control characters and those that change the direction of the
// text. Replies that are equal afterwards count as one.
func TestCheckCleansReplies(t *testing.T) {
	t.Parallel()
	got := Check(checked(), Answer{Replies: []Reply{{Text: "One\r\ntwo\x07\u202e\u2066."}, {Text: "One\ntwo."}}}).Replies
	want := []Reply{{Text: "One\ntwo."}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Check keeps the sources of a reply that the desk has, each once.
func TestCheckSourcesOfReplies(t *testing.T) {
	t.Parallel()
	got := Check(checked(), Answer{Replies: []Reply{{Text: "One", Sources: []string{"tpl-1", "tpl-9", "tpl-1"}}}}).Replies
	want := []Reply{{Text: "One", Sources: []string{"tpl-1"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// checkHarmless checks that a text has no characters that change its direction, no mentions of people and no link to an
// unknown host.
func checkHarmless(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsAny(text, "\u202e\u2066\x00\x1b") {
		t.Errorf("%q has a control character", text)
	}
	if strings.Contains(text, "<!") {
		t.Errorf("%q has a mention", text)
	}
	if strings.Contains(text, "evil.example") {
		t.Errorf("%q has an unknown host", text)
	}
}

// Checking an answer twice has the same result as checking it once, adds nothing, and leaves nothing harmful in replies.
func FuzzCheck(f *testing.F) {
	for _, seed := range []struct{ asked, answered string }{
		{"where is 4711-22", "see https://shop.example/orders/4711-22"},
		{"a@b.example", "hxxp://evil[.]example @here <!channel>"},
		{"\u202e", "[a](http://b.example)\x00"},
		{"+49 170 1234567", "+49\u200b1701234567"},
		{"x", "www.evil.com。 (dot) com"},
	} {
		f.Add(seed.asked, seed.answered)
	}
	f.Fuzz(func(t *testing.T, asked, answered string) {
		q := checked()
		q.Burst = []Message{{Text: asked}}
		once := Check(q, Answer{
			Language:   answered,
			Sentiment:  Sentiment(answered),
			Urgency:    Urgency{Urgent: true, Because: answered},
			Intents:    []string{answered},
			Tags:       []string{answered},
			References: []Reference{{Kind: "order", Value: answered, Link: answered}},
			Replies:    []Reply{{Text: answered, Sources: []string{answered, "tpl-1"}}},
			Actions:    []Action{{Template, answered}, {Snooze, answered}},
		})

		if twice := Check(q, once); !reflect.DeepEqual(once, twice) {
			t.Fatalf("checked as %+v, and checked again as %+v", once, twice)
		}
		if len(once.Intents)+len(once.Tags) > 2 {
			t.Errorf("got the intents %q and the tags %q, want at most one of each", once.Intents, once.Tags)
		}
		if len(once.Replies) > 1 {
			t.Errorf("got the replies %+v, want at most one", once.Replies)
		}
		for _, r := range once.Replies {
			checkHarmless(t, r.Text)
		}
	})
}
