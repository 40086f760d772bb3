package analysis

import (
	"reflect"
	"strings"
	"testing"
)

// checked is a question of a desk that has everything.
func checked() Question {
	return Question{
		Burst: []Message{{Subject: "Order 4711-22", Text: "Where is   my\norder? I need it today, write to kim@example.com or call +49 170 " +
			"1234567.\n" +
			"I saw https://shop.example/sale and http://evil.example/pay. Ref RE-99, bank 12345678901.", Files: []string{"bill-555.pdf"}}},
		Before: []Message{{Text: "my quote is Q-77"}, {FromAgent: true, Text: "See https://help.example/start, order 8888-11"}},
		Desk: Desk{
			Tags: []Tag{{Name: "vip"}, {Name: "delivery"}, {Name: "a"}, {Name: "b"}},
			References: []Pattern{{Kind: "order", Regexp: `\d{4}-\d{2}`, Link: "https://shop.example/orders/{number}"}, {Kind: "bill"},
				{Kind: "quote"}},
			Sources: []Source{
				{ID: "tpl-1", Title: "Tracking", Link: "https://shop.example/track?a=1", Text: "Mail info@shop.example or call 030 555 0100"},
				{ID: "tpl-2", Text: "See https://shop.example/returns"},
			},
			Examples: []Example{{Text: "x", Solver: "kim"}, {Text: "y"}},
			Actions:  []ActionName{Assign, Snooze, Template, Priority},
		},
	}
}

// TestCheckNames: what an answer names must be there.
func TestCheckNames(t *testing.T) {
	t.Parallel()
	got := Check(checked(), Answer{
		Language: "xxx", Sentiment: "furious", Intents: []string{"nope", "problem", "problem", "billing", "quote"},
		Tags: []string{"spam", "vip", "vip", "a", "b", "delivery"}, By: "m", Degraded: true,
		Actions: []Action{{"delete", "all"}, {Assign, "eve"}, {Assign, ""}, {Template, "tpl-9"}, {Priority, "low"}, {Snooze, "tomorrow"},
			{Snooze, "2026-13-01"},
			{Assign, "kim"}, {Assign, "kim"}, {Snooze, "2026-11-27T10:00:00Z"}, {Priority, "high"}},
	})
	want := Answer{Sentiment: Neutral, Intents: []string{"problem", "billing"}, Tags: []string{"vip", "a", "b"}, By: "m", Degraded: true,
		Actions: []Action{{Assign, "kim"}, {Snooze, "2026-11-27T10:00:00Z"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	q := checked()
	q.Desk.Intents, q.Desk.Actions = []Intent{{Name: "own"}}, nil
	got = Check(q, Answer{Language: "de", Sentiment: Pressing, Intents: []string{"problem", "own"},
		Actions: []Action{{Assign, "kim"}, {Priority, "high"}}})
	if want := (Answer{Language: "de", Sentiment: Pressing, Intents: []string{"own"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	all := []Action{{Template, "tpl-1"}, {Snooze, "2026-11-27"}}
	if got := Check(checked(), Answer{Actions: all}); !reflect.DeepEqual(got.Actions, all) {
		t.Errorf("got %+v, want %+v", got.Actions, all)
	}
}

// TestCheckUrgency: a reason is the customer's own.
func TestCheckUrgency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ because, want string }{
		{"I need it today", "I need it today"}, {" Where is my  order? ", "Where is my order?"}, {"bill-555.pdf", "bill-555.pdf"},
		{"The customer threatens to leave", ""}, {"See https://help.example/start", ""}, {"i need it today", ""},
		{strings.Repeat("x", 121), ""}, {"", ""},
		{"I need\u202e it today", "I need it today"},
	} {
		got := Check(checked(), Answer{Urgency: Urgency{Urgent: true, Because: c.because}}).Urgency
		if !got.Urgent || got.Because != c.want {
			t.Errorf("%q: %+v, want %q", c.because, got, c.want)
		}
	}
	if got := Check(checked(), Answer{Urgency: Urgency{Because: "I need it today"}}).Urgency; got != (Urgency{}) {
		t.Errorf("a reason without urgency: %+v, want %+v", got, (Urgency{}))
	}
	q := checked()
	q.Burst[0].Text = "now <!channel> now"
	if got := Check(q, Answer{Urgency: Urgency{Urgent: true, Because: "now <!channel>"}}).Urgency; got.Because != "" {
		t.Errorf("a mention stayed: %+v", got)
	}
}

// TestCheckReferences: numbers are the customer's own, whole, and link by the desk's patterns.
func TestCheckReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   Reference
		want *Reference
	}{
		{Reference{"order", "4711-22", "https://shop.example/orders/4711-22"},
			&Reference{"order", "4711-22", "https://shop.example/orders/4711-22"}},
		{Reference{"order", " 4711-22 ", "https://evil.example/4711-22"}, &Reference{"order", "4711-22", ""}},
		{Reference{"bill", "RE-99", "https://shop.example/orders/RE-99"}, &Reference{"bill", "RE-99", ""}},
		{Reference{"bill", "555", ""}, &Reference{"bill", "555", ""}},
		{Reference{"quote", "Q-77", ""}, &Reference{"quote", "Q-77", ""}},
		{Reference{"order", "8888-11", ""}, nil}, // the agent's words
		{Reference{"order", "4711-2", ""}, nil},
		{Reference{"bill", "2345678", ""}, nil},
		{Reference{"bill", "", ""}, nil},
		{Reference{"bill", "0000", ""}, nil},
		{Reference{"card", "RE-99", ""}, nil},
		{Reference{"bill", "RE-99\u200b", ""}, nil},
	} {
		got := Check(checked(), Answer{References: []Reference{c.in, c.in}}).References
		if c.want == nil && len(got) != 0 || c.want != nil && (len(got) != 1 || got[0] != *c.want) {
			t.Errorf("%+v: %+v", c.in, got)
		}
	}
	q := checked()
	q.Desk.References = nil
	got := Check(q, Answer{References: []Reference{{Kind: "order", Value: "4711-22", Link: "https://x.example"},
		{Kind: "bill", Value: "RE-99"}}}).References
	if len(got) != 1 || got[0] != (Reference{Kind: "order", Value: "4711-22"}) {
		t.Errorf("without patterns: %+v", got)
	}
}

// TestCheckReplies: counts, lengths, doubles and sources.
func TestCheckReplies(t *testing.T) {
	t.Parallel()
	reply := func(s string, ids ...string) Reply { return Reply{Text: s, Sources: ids} }
	got := Check(checked(), Answer{Replies: []Reply{
		reply("  "), reply(strings.Repeat("é", 2001)), reply("One\r\ntwo\x07\u202e\u2066.", "tpl-1", "tpl-9", "tpl-1"), reply("One\ntwo."),
		reply(strings.Repeat("é", 2000)), reply("Three"), reply("Four"),
	}}).Replies
	want := []Reply{reply("One\ntwo.", "tpl-1"), reply(strings.Repeat("é", 2000)), reply("Three")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// FuzzCheck: whatever an answer says, checking twice is checking once, nothing is added, and bounds hold.
func FuzzCheck(f *testing.F) {
	for _, s := range [][2]string{
		{"where is 4711-22", "see https://shop.example/orders/4711-22"}, {"a@b.example", "hxxp://evil[.]example @here <!channel>"},
		{"\u202e", "[a](http://b.example)\x00"}, {"+49 170 1234567", "+49\u200b1701234567"}, {"x", "www.evil.com。 (dot) com"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, text, said string) {
		q := checked()
		q.Burst = []Message{{Text: text}}
		a := Answer{Language: said, Sentiment: Sentiment(said), Urgency: Urgency{true, said}, Intents: []string{said}, Tags: []string{said},
			References: []Reference{{"order", said, said}}, Replies: []Reply{{said, []string{said, "tpl-1"}}},
			Actions: []Action{{Assign, said}, {Snooze, said}}}
		once := Check(q, a)
		if twice := Check(q, once); !reflect.DeepEqual(once, twice) {
			t.Fatalf("%+v became %+v", once, twice)
		}
		if len(once.Intents)+len(once.Tags) > 2 || len(once.Replies) > 1 {
			t.Fatalf("%+v", once)
		}
		for _, r := range once.Replies {
			if strings.ContainsAny(r.Text, "\u202e\u2066\x00\x1b") || strings.Contains(r.Text, "<!") || strings.Contains(r.Text, "evil.example") {
				t.Fatalf("%q stayed", r.Text)
			}
		}
	})
}
