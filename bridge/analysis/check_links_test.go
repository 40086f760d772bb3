package analysis

import "testing"

// isReplyKept reports whether Check keeps a reply with this text to a question. The reply cites the source tpl-1.
func isReplyKept(q Question, text string) bool {
	replies := []Reply{{Text: text, Sources: []string{"tpl-1"}}}
	return len(Check(q, Answer{Replies: replies}).Replies) == 1
}

// A reply may name addresses and numbers that the customer, the desk or the cited source names.
func TestReplyWithKnownLinksIsKept(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Thanks, we look into it. It costs 12.50 EUR (i.e. 20 % less), e.g. on 27.11.2026 at 10:30.",
		"Version 2.0.1 fixes it. See invoice.pdf and notes.txt",
		"It arrived.Please wait",
		"Track it: https://shop.example/track?a=1.",
		"Track it: <https://shop.example/track?a=1>",
		"Track it [here](https://shop.example/track?a=1).",
		"Track it [shop.example](https://shop.example/track?a=1).",
		"See shop.example or https://SHOP.example/",
		"Your order: https://shop.example/orders/4711-22",
		"We start at https://help.example/start",
		"You saw https://shop.example/sale", // the customer's link to a host of the desk
		"Write to info@shop.example or kim@example.com",
		"Call 030 555 0100 or 030/5550100",
		"We call you at +49 170 1234567",
		"[Mail us](mailto:info@shop.example)",
	} {
		if !isReplyKept(checked(), text) {
			t.Errorf("%q was left out, want it kept", text)
		}
	}
}

// A reply with any other address or number is left out, however it is written. A reply that mentions people, contains HTML
// or reveals the instructions to the model is left out, too.
func TestReplyWithUnknownLinksIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		// Links that nobody gave for this reply.
		"See https://shop.example/returns", // a source that is not cited
		"See https://shop.example/track?a=2",
		"Your order: https://shop.example/orders/9999-99",
		"Pay at http://evil.example/pay", // the customer's link to a host that nobody knows
		"Pay at evil.example/pay",
		"Pay at evil.com",
		"Pay at EVIL.COM!",
		"Pay at www.evil.com",
		// Links that are disguised.
		"Pay at hxxps://evil.com/x",
		"Pay at h**p://evil.com",
		"Pay at https :// evil.com",
		"Pay at evil[.]com or evil(dot)com",
		"Pay at evil dot com",
		"Pay at evil {punkt} de",
		"Pay at ｅｖｉｌ．ｃｏｍ",
		"Pay at evil。com",
		"Pay at ev\u200bil.c\u00adom",
		"Pay at evil\u200d.com",
		"Pay at пример.рф",
		"Pay at xn--e1afmkfd.xn--p1ai",
		"Pay at https://shоp.example/track?a=1", // a Cyrillic o
		// Links that a browser would complete, or read another way.
		"Pay at //evil.com/x",
		"Pay at http://1.2.3.4/x",
		"Pay at http://localhost/x",
		"Pay at https://shop.example@evil.com/track?a=1",
		"Pay at https://shop.example:8443/track?a=1",
		`Pay at https://shop.example\@evil.com`,
		"Pay at https://shop.example.evil.com",
		"Pay at ftp://shop.example/track?a=1",
		"Click javascript:alert(1) now",
		"![x](https://evil.com/p.png)",
		// Links whose text names another address than theirs.
		"[https://shop.example](https://evil.com)",
		"[shop.example](https://help.example/start)",
		"[evil.com](https://shop.example/track?a=1)",
		"[click](evil)",
		"[click][1]\n\n[1]: https://shop.example/track?a=1",
		`<a href="https://evil.com">shop</a>`,
		"<https://evil.com|shop.example>",
		// Email addresses.
		"Write to eve@evil.com",
		"Write to eve @ evil.com",
		"Write to eve＠evil.com",
		"[Mail us](mailto:eve@evil.com)",
		// Phone numbers and bank accounts.
		"Call +1 900 555 0199",
		"Call (0900) 55-50-199",
		"Call +1\u200b9005550199",
		"Call ٠٩٠٠٥٥٥٠١٩٩",
		"Call tel:+19005550199",
		"Transfer to DE89 3704 0044 0532 0130 00",
		// Mentions.
		"Hi <@U12345>",
		"Hi <!channel>",
		"Hi <!subteam^S1>",
		"See <#C123>",
		"Hi @here",
		"Hi (@Channel)",
		"Hi ＠everyone",
		"Hi @\u200bhere",
		"Hi <at>Kim</at>",
		// HTML.
		"<script>x</script>",
		"<img src=x>",
		// Instructions to the model.
		"Your intent is order_status",
		"I used tpl-1 for this",
		"My system prompt says so",
		"Als Sprachmodell kann ich das nicht",
		"=====DATA-0123456789abcdef0123456789abcdef=====",
		`{"sentiment":"neutral"}`,
		"<|im_start|>system",
	} {
		if isReplyKept(checked(), text) {
			t.Errorf("%q was kept, want it left out", text)
		}
	}
}

// Digits at the beginning of the next text aren't taken for the end of a number.
func TestReplyWithNumberAtAnEnd(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Burst = []Message{{Text: "Call me: 030 555 0177"}, {Text: "24 hours a day"}}
	q.Desk.Sources[0] = Source{ID: "tpl-1", Title: "Hotline 24", Text: "030 555 0188, 7 days a week"}
	for _, text := range []string{"We call 030 555 0177", "Call us: 030 555 0188"} {
		if !isReplyKept(q, text) {
			t.Errorf("%q was left out, want it kept", text)
		}
	}
}

// A reply may contain the link that a pattern of the desk makes of the customer's number, escaped or not.
func TestReplyWithLinkOfPattern(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Burst[0].Text = "A 1/2?x"
	q.Desk.References = []Pattern{
		{Kind: "k", Regexp: "(", Link: "https://a.example/{number}"}, // no pattern: it makes no links
		{Kind: "g", Regexp: `A (\S+)`, Link: "https://b.example/{number}"},
	}
	tests := []struct {
		name string
		text string
		want bool // the reply is kept
	}{
		{name: "the escaped number", text: "https://b.example/1%2F2%3Fx", want: true},
		{name: "the number as it was written", text: "https://b.example/1/2?x", want: true},
		{name: "a link of what is no pattern", text: "https://a.example/1", want: false},
		{name: "another number", text: "https://b.example/2", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Check(q, Answer{Replies: []Reply{{Text: tt.text}}}).Replies
			if isKept := len(got) == 1; isKept != tt.want {
				t.Errorf("%q: kept %v, want %v", tt.text, isKept, tt.want)
			}
		})
	}
}
