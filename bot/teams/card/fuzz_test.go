package card

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"parley/bot/view"
	"parley/channels/markdown"
)

// Any data that comes back from a client is read as a click or as a form, or refused, and always in the same way.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		``, `null`, `"x"`, `[]`, `{}`, `{"v":null}`, `{"form":null}`, `{"form":"x"}`, `{"form":{"verb":"note","at":1e99},"t:text":5}`,
		`{"v":"take","a":"{\"v\":1,\"a\":{}}"}`, `{"form":{"verb":"assign"},"m:people":"a%2Cb,,%zz"}`,
		`{"form":{"verb":"snooze","args":"{\"v\":1,\"a\":{}}","zone":"../etc","at":1},"o:until":"1h","t:other":null}`,
	} {
		f.Add([]byte(s))
	}

	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(data)
		if again, err2 := Read(data); (err == nil) != (err2 == nil) || !reflect.DeepEqual(got, again) {
			t.Fatalf("read %+v, %v, then %+v, %v", got, err, again, err2)
		}
		switch {
		case err != nil && !errors.Is(err, ErrData):
			t.Fatalf("got error %v, want ErrData", err)
		case err == nil && (got.Click == nil) == (got.Form == nil):
			t.Fatalf("read as a click %+v and a form %+v, want one of both", got.Click, got.Form)
		case got.Form != nil:
			got.Form.Fill()
			RedrawForm(view.Form{Fields: []view.Field{{Name: "text", Kind: view.FieldLong}}}, *got.Form, map[string]string{"text": "x"}, Home{})
		}
	})
}

// Any typed text is always read in the same way, and each mention gets the token of Parley's Markdown.
func FuzzReadText(f *testing.F) {
	f.Add(`<p>a <at id="0">Helpdesk</at>&nbsp;<strong>b"c</strong>d<em>e</em></p><ul><li>x<ol><li>y`, "<at>Helpdesk</at>")
	f.Add(`<blockquote>a<pre>b</pre></blockquote><table><tr><td>1<td>|`, "")

	f.Fuzz(func(t *testing.T, markup, mention string) {
		typed := Typed{
			HTML:     markup,
			Text:     markup,
			Mentions: []TypedMention{{ID: botID, Name: "Helpdesk", Text: mention}, mentionOfBen(1)},
			Bot:      botID,
		}
		got := ReadText(typed)
		if again := ReadText(typed); !reflect.DeepEqual(got, again) || got.WithNames(got.Plain) != again.WithNames(again.Plain) {
			t.Fatalf("read %+v, then %+v", got, again)
		}

		markdown.Parts(got.Markdown)
		for token, id := range got.Tokens {
			if token != markdown.MentionToken(id) {
				t.Fatalf("the token of %q is %q, want %q", id, token, markdown.MentionToken(id))
			}
		}
	})
}

// A text without formatting keeps its letters when it is turned into Markdown and read by Parley's own reader.
func FuzzTyped(f *testing.F) {
	f.Add("a *b* <c> & [d](e)\n# f", true)
	f.Fuzz(func(t *testing.T, s string, bold bool) {
		if strings.ContainsFunc(s, func(r rune) bool {
			return r < ' ' && r != '\n' || r == 0xfffd || r == 0x7f || r == 0xa0 || r == 0x85 || r == 0x2028 || r == 0x2029
		}) {
			t.Skip("HTML or Markdown reads such characters as others")
		}
		markup := strings.ReplaceAll(html.EscapeString(s), "\n", "<br>")
		if bold {
			markup = "x<b>" + markup + "</b>y"
			s = "x" + s + "y"
		}

		got := ReadText(Typed{HTML: markup})
		isEscaped := strings.Contains(s, `\!`) || strings.Contains(s, `\/`)
		if read := markdown.Plain(markdown.Parts(got.Markdown)); !isEscaped && withoutLayout(read) != withoutLayout(s) {
			t.Errorf("%q is read as %q, which reads %q", s, got.Markdown, read)
		}
	})
}

// A customer's text never breaks out of a card or a message, and never makes them too large.
func FuzzShow(f *testing.F) {
	f.Add("# a\n\n- *b* <at>Ann</at>\n\n> c `d`\n\n```\ne\n```\n[f](https://x.test)", "Eve <b>")
	f.Add("{{DATE(2026-11-20T09:30:00Z, SHORT)}} [x](javascript:y) <script>", "<at>x</at>")
	f.Fuzz(func(t *testing.T, md, name string) {
		c := view.Card{Name: name, Blocks: []view.Block{{Kind: view.BlockBody, Text: md}, {Kind: view.BlockQuote, Text: md},

			{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: name}}}}}
		for _, p := range Render(c, Home{}, "n") {
			checkMessageCard(t, p.Card)
		}
		for _, m := range Messages(c, "email", Home{}) {
			checkMarkup(t, m.Text)
		}
	})
}

// checkMarkup checks the size of markup, that it has only tags that Parley writes, and that these are closed in order.
func checkMarkup(t testing.TB, markup string) {
	t.Helper()
	checkSize(t, markup, 80<<10)
	var open []string

	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("the tags %v are left open in %.200q", open, markup)
			}
			return
		case html.StartTagToken:
			if !strings.Contains("|br|strong|em|strike|code|pre|blockquote|a|at|", "|"+token.Data+"|") {
				t.Errorf("the tag %s is none of ours, in %.200q", token.Data, markup)
			}
			for _, a := range token.Attr {
				if token.Data != "a" || a.Key != "href" || !isWebURL(a.Val) {
					t.Errorf("the attribute %v of %s is none of ours", a, token.Data)
				}
			}
			if token.Data != "br" {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> after %v in %.200q", token.Data, open, markup)
			}
			open = open[:len(open)-1]
		case html.TextToken:
			if raw := html.EscapeString(token.Data); strings.Contains(raw, "<") {
				t.Errorf("the text %q has a tag", raw)
			}
		default:
			t.Errorf("the token %v is none of ours", token)
		}
	}
}
