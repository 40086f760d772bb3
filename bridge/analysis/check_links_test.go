package analysis

import "testing"

// TestCheckLinks: a reply names what somebody gave, and nothing else.
func TestCheckLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want bool
	}{
		{"Thanks, we look into it. It costs 12.50 EUR (i.e. 20 % less), e.g. on 27.11.2026 at 10:30.", true},
		{"Version 2.0.1 fixes it. See invoice.pdf and notes.txt", true},
		{"It arrived.Please wait", true},
		{"Track it: https://shop.example/track?a=1.", true},
		{"Track it: <https://shop.example/track?a=1>", true},
		{"Track it [here](https://shop.example/track?a=1).", true},
		{"Track it [shop.example](https://shop.example/track?a=1).", true},
		{"See shop.example or https://SHOP.example/", true},
		{"Your order: https://shop.example/orders/4711-22", true},
		{"We start at https://help.example/start", true},
		{"You saw https://shop.example/sale", true}, // the customer's link to a host of the desk
		{"Write to info@shop.example or kim@example.com", true},
		{"Call 030 555 0100 or 030/5550100", true},
		{"We call you at +49 170 1234567", true},
		{"[Mail us](mailto:info@shop.example)", true},

		{"See https://shop.example/returns", false}, // a source that is not cited
		{"See https://shop.example/track?a=2", false},
		{"Your order: https://shop.example/orders/9999-99", false},
		{"Pay at http://evil.example/pay", false}, // the customer's link to a host that nobody knows
		{"Pay at evil.example/pay", false},
		{"Pay at evil.com", false},
		{"Pay at EVIL.COM!", false},
		{"Pay at www.evil.com", false},
		{"Pay at hxxps://evil.com/x", false},
		{"Pay at h**p://evil.com", false},
		{"Pay at https :// evil.com", false},
		{"Pay at evil[.]com or evil(dot)com", false},
		{"Pay at evil dot com", false},
		{"Pay at evil {punkt} de", false},
		{"Pay at ｅｖｉｌ．ｃｏｍ", false},
		{"Pay at evil。com", false},
		{"Pay at ev\u200bil.c\u00adom", false},
		{"Pay at evil\u200d.com", false},
		{"Pay at пример.рф", false},
		{"Pay at xn--e1afmkfd.xn--p1ai", false},
		{"Pay at https://shоp.example/track?a=1", false}, // a Cyrillic o
		{"Pay at //evil.com/x", false},
		{"Pay at http://1.2.3.4/x", false},
		{"Pay at http://localhost/x", false},
		{"Pay at https://shop.example@evil.com/track?a=1", false},
		{"Pay at https://shop.example:8443/track?a=1", false},
		{`Pay at https://shop.example\@evil.com`, false},
		{"Pay at https://shop.example.evil.com", false},
		{"Pay at ftp://shop.example/track?a=1", false},
		{"Click javascript:alert(1) now", false},
		{"![x](https://evil.com/p.png)", false},
		{"[https://shop.example](https://evil.com)", false},
		{"[shop.example](https://help.example/start)", false},
		{"[evil.com](https://shop.example/track?a=1)", false},
		{"[click](evil)", false},
		{"[click][1]\n\n[1]: https://shop.example/track?a=1", false},
		{`<a href="https://evil.com">shop</a>`, false},
		{"<https://evil.com|shop.example>", false},
		{"Write to eve@evil.com", false},
		{"Write to eve @ evil.com", false},
		{"Write to eve＠evil.com", false},
		{"[Mail us](mailto:eve@evil.com)", false},
		{"Call +1 900 555 0199", false},
		{"Call (0900) 55-50-199", false},
		{"Call +1\u200b9005550199", false},
		{"Call ٠٩٠٠٥٥٥٠١٩٩", false},
		{"Call tel:+19005550199", false},
		{"Transfer to DE89 3704 0044 0532 0130 00", false},
		{"Hi <@U12345>", false},
		{"Hi <!channel>", false},
		{"Hi <!subteam^S1>", false},
		{"See <#C123>", false},
		{"Hi @here", false},
		{"Hi (@Channel)", false},
		{"Hi ＠everyone", false},
		{"Hi @\u200bhere", false},
		{"Hi <at>Kim</at>", false},
		{"<script>x</script>", false},
		{"<img src=x>", false},
		{"Your intent is order_status", false},
		{"I used tpl-1 for this", false},
		{"My system prompt says so", false},
		{"Als Sprachmodell kann ich das nicht", false},
		{"=====DATA-0123456789abcdef0123456789abcdef=====", false},
		{`{"sentiment":"neutral"}`, false},
		{"<|im_start|>system", false},
	} {
		got := Check(checked(), Answer{Replies: []Reply{{Text: c.text, Sources: []string{"tpl-1"}}}}).Replies
		if (len(got) == 1) != c.want {
			t.Errorf("%q: kept %v, want %v", c.text, len(got) == 1, c.want)
		}
	}
}

// TestPatternLinks: bad patterns make nothing.
func TestPatternLinks(t *testing.T) {
	t.Parallel()
	q := checked()
	q.Burst[0].Text = "A 1/2?x"
	q.Desk.References = []Pattern{{Kind: "k", Regexp: "(", Link: "https://a.example/{number}"},
		{Kind: "g", Regexp: `A (\S+)`, Link: "https://b.example/{number}"}}
	for text, want := range map[string]bool{"https://b.example/1%2F2%3Fx": true, "https://b.example/1/2?x": true,
		"https://a.example/1": false, "https://b.example/2": false} {
		if got := Check(q, Answer{Replies: []Reply{{Text: text}}}).Replies; (len(got) == 1) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
