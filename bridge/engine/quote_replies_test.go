package engine_test

import (
	"html"
	"strings"
	"testing"
	"unicode"

	"parley/bridge/engine"
	"parley/channels/email/message"
	"parley/channels/golden"
)

// A customer, Theo, has a conversation with Ben of Acme. The replies of this file are his, as mail programs write them.
const (
	firstMail = "Hello,\n\nmy router shows a red light and does not connect any more.\n\n" + theosSignature

	theosSignature = "-- \nTheo Lang\nLang & Sons, Hauptstr. 5\nPhone +49 30 1234567"

	answer = "Hello Theo,\n\nthank you for your mail. We are **sorry** that it does not connect; " +
		"the [status page](https://acme.test/status) shows no outage near you.\n\n" +
		"1. Which model is it?\n2. Since when does it show the light?\n\nKind regards\nBen"

	answersSignature = "**Acme Support**\nMain Street 1, Berlin\nhttps://acme.test/help"
)

// said is what the conversation has said and received.
func said() []engine.Said {
	us := []string{"help@acme.test", "Acme Support", "Ben Katz"}
	return []engine.Said{
		{Text: answer + "\n\n-- \n" + answersSignature, By: us},
		{Text: message.Markdown(firstMail), By: []string{"theo@customer.test", "Theo Lang"}},
	}
}

// reply is a mail of Theo's.
type reply struct {
	name        string
	plain, html string // its forms; either may be missing
	want        string // what the thread should show
}

const (
	byBen = "Ben Katz (Acme Support) <help@acme.test>"
	own   = "It is the R-200, since Tuesday."
)

// answerText and answerHTML are the answer as it left.
func answerText() string {
	return message.RenderText(message.NewRenderer(), answer, answersSignature)
}

func answerHTML() string {
	page, err := message.RenderHTML(message.NewRenderer(), answer, answersSignature, "")
	if err != nil {
		panic(err)
	}
	_, body, _ := strings.Cut(page, "<body>")
	body, _, _ = strings.Cut(body, "</body>")
	return body
}

// marked marks lines as quoted, wrapped as mail programs do.
func marked(text string, width int) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		for len(line) > width && strings.LastIndexByte(line[:width], ' ') > 0 {
			cut := strings.LastIndexByte(line[:width], ' ')
			out.WriteString("> " + line[:cut] + "\n")
			line = line[cut+1:]
		}
		out.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	return out.String()
}

func withHeader(header string) string { return header + "\n\n" + answerText() }

func replies() []reply {
	var list []reply
	add := func(name, plain, html, want string) { list = append(list, reply{name, plain, html, want}) }
	text, page := answerText(), answerHTML()

	for name, attribution := range map[string]string{
		"Gmail":              "On Mon, Nov 30, 2026 at 10:15 AM " + byBen + " wrote:",
		"Gmail, folded":      "On Mon, Nov 30, 2026 at 10:15 AM Ben Katz (Acme Support)\n<help@acme.test> wrote:",
		"Gmail, German":      "Am Mo., 30. Nov. 2026 um 10:15 Uhr schrieb " + byBen + ":",
		"Gmail, French":      "Le lun. 30 nov. 2026 à 10:15, " + byBen + " a écrit :",
		"Gmail, Polish":      "pon., 30 lis 2026 o 10:15 " + byBen + " napisał(a):",
		"Gmail, Japanese":    "2026年11月30日(月) 10:15 " + byBen + ":",
		"Gmail, Chinese":     byBen + " 于2026年11月30日周一 10:15写道：",
		"Gmail, Vietnamese":  "Vào Th 2, 30 thg 11, 2026 vào lúc 10:15 " + byBen + " đã viết:",
		"Apple Mail":         "On 30 Nov 2026, at 10:15, " + byBen + " wrote:",
		"Thunderbird":        "On 30/11/2026 10:15, Ben Katz (Acme Support) wrote:",
		"Thunderbird, Dutch": "Op 30-11-2026 om 10:15 schreef Ben Katz (Acme Support):",
		"K-9":                "Am 30. November 2026 10:15:00 MEZ schrieb \"Ben Katz (Acme Support)\" <help@acme.test>:",
		"Zoho":               "---- On Mon, 30 Nov 2026 10:15:00 +0100 " + byBen + " wrote ----",
		"Korean":             "2026년 11월 30일 (월) 오전 10:15, " + byBen + "님이 작성:",
		"Turkish":            byBen + ", 30 Kas 2026 Pzt, 10:15 tarihinde şunu yazdı:",
		"Russian":            "пн, 30 нояб. 2026 г. в 10:15, " + byBen + ":",
		"Arabic":             "\u202bفي الاثنين، ٣٠ نوفمبر ٢٠٢٦ كتب " + byBen + ":\u202c",
	} {
		add(name+", plain", own+"\n\n"+attribution+"\n\n"+marked(text, 60), "", own)
		div := strings.ReplaceAll(html.EscapeString(attribution), "\n", " ")
		add(name+", HTML", "", `<div dir="ltr">`+own+`</div><br><div class="gmail_quote"><div class="gmail_attr">`+div+
			`<br></div><blockquote class="gmail_quote" type="cite">`+page+`</blockquote></div>`, own)
		add(name+", without marks", own+"\n\n"+attribution+"\n\n"+text, "", own)
	}

	for name, labels := range map[string][4]string{
		"English": {"From", "Sent", "To", "Subject"}, "German": {"Von", "Gesendet", "An", "Betreff"},
		"French": {"De", "Envoyé", "À", "Objet"}, "Japanese": {"差出人", "送信日時", "宛先", "件名"},
		"Estonian": {"Saatja", "Saadetud", "Adressaat", "Teema"},
	} {
		fields := []string{byBen, "Monday, 30 November 2026 10:15", "Theo Lang <theo@customer.test>", "Re: Router"}
		var head, bold []string
		for i, label := range labels {
			head = append(head, label+": "+fields[i])
			bold = append(bold, "<b>"+label+":</b> "+html.EscapeString(fields[i]))
		}
		header := strings.Join(head, "\n")
		add("Outlook, "+name+", plain", own+"\n\n"+withHeader(header), "", own)
		add("Outlook, "+name+", rule", own+"\n\n"+strings.Repeat("_", 32)+"\n"+withHeader(header), "", own)
		add("Outlook, "+name+", old", own+"\n\n-----Original Message-----\n"+withHeader(header), "", own)
		add("Outlook, "+name+", Word", "", `<div class="WordSection1"><p class="MsoNormal">`+own+`</p><div style="border:none;`+
			`border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal">`+strings.Join(bold, "<br>")+`</p></div>`+page+`</div>`, own)
		add("Outlook, "+name+", web", "", `<div>`+own+`</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">`+
			strings.Join(bold, "<br>")+`</div><div>`+page+`</div>`, own)
		add("Outlook, "+name+", Mac", "", `<p>`+own+`</p><p>`+strings.Join(bold, "</p><p>")+`</p><div>`+page+`</div>`, own)
	}

	gmail := "On Mon, Nov 30, 2026 at 10:15 AM " + byBen + " wrote:"
	add("iPhone", own+"\n\nSent from my iPhone\n\n> On 30 Nov 2026, at 10:15, "+byBen+" wrote:\n> \n"+marked(text, 70), "",
		own+"\n\nSent from my iPhone")
	add("signature above", own+"\n\n"+theosSignature+"\n\n"+gmail+"\n\n"+marked(text, 70), "", own)
	add("signature below", own+"\n\n"+gmail+"\n\n"+marked(text, 70)+"\n"+theosSignature, "", own)
	add("signature alone", own+"\n\n"+theosSignature, "", own)
	add("quoted twice", own+"\n\n"+gmail+"\n\n"+marked(text, 70)+">\n> On Mon, Nov 30, 2026 at 9:00 Theo Lang <theo@customer.test> wrote:\n>\n"+
		marked(marked(firstMail, 70), 80), "", own)
	add("Yahoo", "", `<div>`+own+`</div><div class="yahoo_quoted"><div>On Monday, November 30, 2026 at 10:15:00 AM GMT+1, `+
		html.EscapeString(byBen)+` wrote: </div><div><br></div><div>`+page+`</div></div>`, own)
	add("Proton", "", `<div>`+own+`</div><div class="protonmail_quote">On Monday, November 30th, 2026 at 10:15 AM, `+
		html.EscapeString(byBen)+` wrote:<br><blockquote class="protonmail_quote" type="cite">`+page+`</blockquote></div>`, own)
	add("below", gmail+"\n\n"+marked(text, 70)+"\n"+own, "", own)
	add("links protected", "", `<div>`+own+`</div><blockquote type="cite">`+
		strings.ReplaceAll(page, `href="https://acme.test/status"`, `href="https://safe.test/?u=https%3A%2F%2Facme.test"`)+`</blockquote>`, own)

	// What follows was not said before.
	add("answers inside", marked("1. Which model is it?", 70)+"\nThe R-200.\n\n"+marked("2. Since when does it show the light?", 70)+
		"\nSince Tuesday.\n\n> Kind regards", "", "> 1. Which model is it?\n\nThe R-200.\n\n> 2. Since when does it show the light?\n\nSince Tuesday.")
	add("answers inside Outlook", "", `<p class="MsoNormal">See below.</p><div><p class="MsoNormal"><b>From:</b> `+html.EscapeString(byBen)+
		`<br><b>Sent:</b> Monday, 30 November 2026 08:00<br><b>To:</b> Theo Lang<br><b>Subject:</b> Router</p></div>`+
		strings.Replace(strings.Replace(page, "model is it?", "model is it?<br><span style='color:red'>It is the R-200.</span>", 1),
			"the light?", "the light?<br><span style='color:red'>Since Tuesday.</span>", 1),
		"See below.\n\n> 1. Which model is it?\n\nIt is the R-200.\n\n> 2. Since when does it show the light?\n\nSince Tuesday.")
	console := "This is what the console shows:\n\n> error 14\n> error 15 in unit B"
	add("console", console, "", console)
	header := "Here they are:\n\nFrom: shop@shop.test\nSent: Sunday 29 November 2026 10:00\nTo: theo@customer.test\nSubject: Your code is 4411\n\n" +
		"The code does not work."
	add("header", header, "", header)
	add("header, above a quote", header+"\n\n"+gmail+"\n\n"+marked(text, 70), "", header)
	add("header, directly above a quote", header[:strings.Index(header, "\n\nThe code")]+"\n\n"+marked(text, 70), "",
		header[:strings.Index(header, "\n\nThe code")])
	letter := "My landlord wrote:\n\n> Dear tenant,\n> the cellar will be without power on Monday.\n\nIs that the reason?"
	add("letter", letter, "", letter)
	items := "I need:\n\n-- \nA cable\nA plug"
	add("list below dashes", items, "", items)
	add("answer above an attribution", "Yes, please\n"+gmail+"\n"+marked(text, 70), "", "Yes, please")
	again := "Hello again,\n\nmy router shows a red light and does not connect any more."
	add("said again", again, "", again)
	ownWords := "On 30 November 2026 at 10:15 Ben Katz told me on the phone that you would send me a new one, but I have seen none:"
	add("a sentence above a quote", ownWords+"\n\n"+marked(text, 70), "", ownWords)
	add("short answers", marked("1. Which model is it?", 70)+"\nIt\n\n> 2. Since when does it show the light?\n\nThe light", "",
		"> 1. Which model is it?\n\nIt\n\n> 2. Since when does it show the light?\n\nThe light")
	add("only a quote", "> Hello Theo,\n> thank you for your mail.", "", "")
	return list
}

// mail returns a reply as it arrives.
func (r reply) mail() []byte {
	head := "From: Theo Lang <theo@customer.test>\r\nTo: " + byBen + "\r\nSubject: Re: Router\r\nMessage-ID: <2@customer.test>\r\n" +
		"MIME-Version: 1.0\r\n"
	body, kind := r.plain, "plain"
	if r.html != "" {
		body, kind = "<html><body>"+r.html+"</body></html>", "html"
	}
	return []byte(head + "Content-Type: text/" + kind + "; charset=utf-8\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n"))
}

// squeeze returns a text without what is not seen: escapes, and blanks at the end of lines.
func squeeze(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, `\`, ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(lines[i], unicode.IsSpace)
	}
	return strings.Join(lines, "\n")
}

// Of each reply the thread shows exactly what nobody has said before.
func TestReplies(t *testing.T) {
	t.Parallel()
	d := message.NewDecoder(message.Options{Own: []string{"help@acme.test"}}, nil)
	for _, r := range replies() {
		ins, err := d.Decode(r.mail())
		if err != nil {
			t.Fatal(err)
		}
		now, _ := engine.Read(ins[0].Text).Split(said(), ins[0].Subject)
		if got, want := squeeze(now), squeeze(r.want); got != want {
			t.Errorf("%s: got\n%s\n\nwant\n%s", r.name, got, want)
		}
		if all, before := engine.Read(ins[0].Text).Split(nil, ins[0].Subject); before != "" {
			t.Errorf("%s: of a first mail %q is hidden, and %q shown", r.name, before, all)
		}
	}
}

// Each line of a text is shown or hidden, and stays what it is. However it is made, comparing it takes bounded time.
func FuzzSplit(f *testing.F) {
	f.Add(answerText() + "\n\nOn Mon, Nov 30, 2026 at 10:15 AM " + byBen + " wrote:\n\n" + marked(answerText(), 60))
	f.Add("From: " + byBen + "\nSent: 30 Nov 2026\nTo: theo@customer.test\nSubject: Router\n\n" + answerText())
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	allowed := golden.Usual()
	allowed.PerMegabyte *= 16 // the text is read twice, and compared, beside the engine's other tests
	m := golden.NewMeterFor(allowed)
	f.Fuzz(func(t *testing.T, text string) {
		split := func(s string) (now, before string) {
			return engine.Read(s).Split(append(said(), engine.Said{Text: s, By: []string{"Ann"}}), "Re: Router")
		}
		golden.CheckRepeated(t, m, text, func(s string) { split(s) })
		now, before := split(text)
		lines := map[string]int{}
		for _, part := range []string{now, before} {
			for line := range strings.SplitSeq(part, "\n") {
				lines[strings.Trim(line, "> ")]++
			}
		}
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.Trim(line, "> ")
			if line != "" && lines[line] == 0 {
				t.Fatalf("%q is lost: shown %q, hidden %q", line, now, before)
			}
			lines[line]--
		}
	})
}
