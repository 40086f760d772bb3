package bodytext

import (
	"strings"
	"testing"

	"parley/channels/budget"
)

// wantAnswer checks that of a text nothing but the answer is shown, and old, which was quoted, is hidden.
func wantAnswer(t *testing.T, name, text, answer, old string) {
	t.Helper()
	now, history := splitQuote(text, false)
	if strings.TrimSpace(now) != answer {
		t.Errorf("%s: got the answer %q, want %q", name, now, answer)
	}
	if !strings.Contains(history, old) {
		t.Errorf("%s: got the history %q, want %q in it", name, history, old)
	}
}

// wantAllShown checks that nothing of a text is hidden.
func wantAllShown(t *testing.T, name, text string) {
	t.Helper()
	if now, history := splitQuote(text, false); now != text || history != "" {
		t.Errorf("%s: got %q with %q hidden, want all of it shown", name, now, history)
	}
}

// TestAttributions: above a quote in every language of the reference, over one to
// four lines, the attribution goes with the quote.
func TestAttributions(t *testing.T) {
	t.Parallel()
	for name, attribution := range map[string]string{
		"english":    "On Mon, Nov 2, 2026 at 10:15 AM Acme Support <help@acme.test> wrote:",
		"two lines":  "On Mon, Nov 2, 2026 at 10:15 AM Acme Support\n<help@acme.test> wrote:",
		"four lines": "On Mon, Nov 2, 2026\nat 10:15 AM\nAcme Support\n<help@acme.test> wrote:",
		"german":     "Am 02.11.26 um 10:15 schrieb Acme Support:",
		"german 2":   "Acme Support <help@acme.test> schrieb am Mo., 2. Nov. 2026, 10:15:",
		"french":     "Le lun. 2 nov. 2026 à 10:15, Acme <help@acme.test> a écrit :",
		"spanish":    "El lun, 2 nov 2026 a las 10:15, Acme (<help@acme.test>) escribió:",
		"portuguese": "Em seg., 2 de nov. de 2026 às 10:15, Acme <help@acme.test> escreveu:",
		"italian":    "Il giorno lun 2 nov 2026 alle ore 10:15 Acme <help@acme.test> ha scritto:",
		"dutch":      "Op ma 2 nov 2026 om 10:15 schreef Acme <help@acme.test>:",
		"polish":     "pon., 2 lis 2026 o 10:15 Acme <help@acme.test> napisał(a):",
		"polish 2":   "W dniu 2.11.2026 o 10:15, Acme pisze:",
		"swedish":    "Den mån 2 nov. 2026 kl 10:15 skrev Acme <help@acme.test>:",
		"finnish":    "Acme (help@acme.test) kirjoitti 2.11.2026 kello 10.15:",
		"czech":      "po 2. 11. 2026 v 10:15 odesílatel Acme <help@acme.test> napsal:",
		"russian":    "пн, 2 нояб. 2026 г. в 10:15, Acme <help@acme.test> написал:",
		"turkish":    "Acme <help@acme.test>, 2 Kas 2026 Pzt, 10:15 tarihinde şunu yazdı:",
		"chinese":    "Acme <help@acme.test> 于2026年11月2日周一 10:15写道：",
		"taiwan":     "Acme <help@acme.test> 於 2026年11月2日 週一 上午10:15寫道：",
		"japanese":   "2026年11月2日(月) 10:15 Acme <help@acme.test>:",
		"japanese 2": "Acme さんは書きました:",
		"korean":     "2026년 11월 2일 (월) 오전 10:15, Acme <help@acme.test>님이 작성:",
		"old gmail":  "2026/11/2 Acme <help@acme.test>",
		"hungarian":  "2026.11.02. 10:15 keltezéssel, \"Acme Support\" írta:",
		"arabic":     "في الاثنين، ٢ نوفمبر ٢٠٢٦ كتب Acme <help@acme.test>:",
	} {
		wantAnswer(t, name, "My answer.\n\n"+attribution+"\n\n> Old text\n> of ours\n", "My answer.", attribution+"\n\n> Old text")
	}
}

// TestAttributionFarAboveQuote: some mailers leave blank lines between the attribution and the quote.
func TestAttributionFarAboveQuote(t *testing.T) {
	t.Parallel()
	wantAnswer(t, "attribution", "My answer.\n\nOn Aug 22, 2011, at 7:37 PM, acme<help@acme.test> wrote:\n\n\n\n\n> Old text", "My answer.", "> Old text")
	wantAnswer(t, "sender's own words", "I have read what you wrote:\n\n\n\n\n> Old text", "I have read what you wrote:", "> Old text")
}

// TestAnswerDirectlyAboveAttribution: an answer without a blank line below it stays, also above an attribution without a
// date, and the lines of a folded attribution stay together.
func TestAnswerDirectlyAboveAttribution(t *testing.T) {
	t.Parallel()
	for rule, answer := range map[string]string{
		"a sentence":                 "Hello,\n\nYes, please ship it.",
		"no end of a sentence":       "Hello,\n\nYes, please",
		"a number":                   "Hello,\n\nYes, please ship 2 of them",
		"a word that could begin it": "Hello,\n\nOn Monday, please",
		"a date in a sentence":       "Hello,\n\nShip it on 2.11.2026!",
	} {
		wantAnswer(t, rule, answer+"\nAcme <help@acme.test> schrieb:\n> Shall we ship?", answer, "Acme <help@acme.test> schrieb:")
		wantAnswer(t, rule+", dated", answer+"\nAcme <help@acme.test> schrieb am 2.11.2026:\n> Shall we ship?", answer, "Acme <help@acme.test> schrieb am")
	}
	for _, attribution := range []string{
		"On Mon, Nov 2, 2026 at 10:15 AM\nAcme Support <help@acme.test> wrote:", "Acme Support\n<help@acme.test> wrote:",
		"Acme Support <help@acme.test>\nschrieb:",
	} {
		wantAnswer(t, attribution, "Yes.\n\n"+attribution+"\n> Shall we ship?", "Yes.", attribution)
	}
}

// TestUnmarkedAttributions: some mailers don't mark the quote; then only a line
// that says who and when counts.
func TestUnmarkedAttributions(t *testing.T) {
	t.Parallel()
	for name, attribution := range map[string]string{
		"english": "On Monday, November 2, 2026, 10:15 AM, Acme <help@acme.test> wrote:",
		"german":  "Am Montag, 2. November 2026 um 10:15:00 MEZ hat Acme <help@acme.test> Folgendes geschrieben:",
		"french":  "Le lundi 2 novembre 2026 à 10:15, Acme <help@acme.test> a écrit :",
		"zoho":    "---- On Mon, 02 Nov 2026 10:15:00 +0100 Acme <help@acme.test> wrote ----",
		"bare":    "On Mon, 02 Nov 2026 10:15:00 +0100 Acme <help@acme.test> wrote",
		"clock":   "10:15 AM, November 2, 2026, \"Acme\" <help@acme.test>:",
		"name":    "Am 02.11.26 um 10.15 schrieb Dr. Jan von Acme:",
		"time":    "Acme kirjoitti 2.11.2026 kello 10.15:",
		"verb":    "Pada tanggal 2 Nov 2026 pukul 10.15 Acme <help@acme.test> menulis:",
	} {
		wantAnswer(t, name, "My answer.\n\n"+attribution+"\n\nOld text", "My answer.", "Old text")
	}
	for _, text := range []string{
		"My answer.\n\nBob wrote:\n\nSomething I must tell you.",
		"On Monday I wrote:\nplease call me.",
		"I wrote to help@acme.test on 2.11.:\nno answer.",
	} {
		wantAllShown(t, "sender's own words", text)
	}
}

// TestOwnWordsAreNoAttribution: what a customer writes herself above a list may have a verb, an address, a date or a
// price, and is no attribution.
func TestOwnWordsAreNoAttribution(t *testing.T) {
	t.Parallel()
	for rule, words := range map[string]string{
		"a date is no time of day":              "On 12.11. Ann wrote:",
		"a price is no time of day":             "On the card Ann wrote for 49.90 EUR:",
		"a longer word begins none":             "Only at 10:15 Ann wrote:",
		"the first person":                      "On 12.11. at 10:15 I wrote:",
		"the first person in German":            "Am 12.11. um 10:15 habe ich Ihnen geschrieben:",
		"a sentence ends before the colon":      "On 12.11. at 10:15 the driver came. Ann wrote:",
		"words between the verb and the colon":  "On 12.11. at 10:15 Ann wrote about these items:",
		"words behind the address":              "On 12.11. at 10:15 the order of ann@customer.test lacked these items:",
		"all of it":                             "On 12.11. I wrote to you and got no answer. My questions:",
		"all of it in German":                   "Am 12.11. schrieb ich Ihnen und bekam keine Antwort. Meine Fragen:",
		"an address and a price, and no verb":   "Only the order of ann@customer.test for 49.90 EUR lacks these items:",
		"an address and a verb, and more words": "On 12.11. Ann wrote to help@acme.test about this:",
	} {
		wantAllShown(t, rule, "Hello,\n"+words+"\n1. Where is my order?\n2. Can I cancel it?")
	}
}

// TestHeaderBlocks: Outlook's block in every language of the reference.
func TestHeaderBlocks(t *testing.T) {
	t.Parallel()
	for name, labels := range map[string]string{
		"english": "From Sent To Subject", "german": "Von Gesendet An Betreff", "french": "De Envoyé À Objet",
		"spanish": "De Enviado Para Asunto", "spanish 2": "De Fecha Para Asunto", "portuguese": "De Enviado Para Assunto", "italian": "Da Inviato A Oggetto",
		"dutch": "Van Verzonden Aan Onderwerp", "polish": "Od Wysłano Do Temat", "chinese": "发件人 发送时间 收件人 主题",
		"japanese": "差出人 送信日時 宛先 件名", "swedish": "Från Skickat Till Ämne", "danish": "Fra Sendt Til Emne",
		"finnish": "Lähettäjä Lähetetty Vastaanottaja Aihe", "czech": "Od Odesláno Komu Předmět", "russian": "От Отправлено Кому Тема",
		"turkish": "Kimden Gönderildi Kime Konu", "taiwan": "寄件者 寄件日期 收件者 主旨",
	} {
		l := strings.Fields(labels)
		colon := ": "
		if name == "chinese" {
			colon = "："
		}
		block := l[0] + colon + "Acme <help@acme.test>\n" + l[1] + colon + "2 Nov 2026 10:15\n*" + l[2] + ":* ann@customer.test;\n bob@customer.test\n" + l[3] + colon + "Order"
		for _, above := range []string{"", "________________________________\n", "-----Original Message-----\n", "-------- Oprindelig besked --------\n"} {
			wantAnswer(t, name+" below "+above, "My answer.\n\n"+above+block+"\n\nOld text", "My answer.", "Old text")
		}
	}
	wantAnswer(t, "the date first", "My answer.\n\nDate: 2 Nov 2026\nSubject: Order\nFrom: Acme\nTo: Ann\n\nOld text", "My answer.", "Old text")
	for _, labels := range []string{"From Sent To", "Von Gesendet An", "De Envoyé À"} {
		l := strings.Fields(labels)
		block := l[0] + ": Acme <help@acme.test>\n" + l[1] + ": 2 Nov 2026 10:15\n" + l[2] + ": Ann"
		wantAnswer(t, "no subject", "My answer.\n\n"+block+"\n\nOld text", "My answer.", "Old text")
	}
	wantAllShown(t, "two labels, which are no block", "From: the door\nTo: the window\nthat is how far it is")
}

// TestOwnLists: what a customer lists herself has the labels of a mail's headers, and is no history.
func TestOwnLists(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"From: Berlin\nTo: Paris\nDate: 3 May\n2 adults", "Von: Berlin\nAn: Paris\nDatum: 3. Mai\n2 Erwachsene", "De: Madrid\nPara: Lisboa\nFecha: 3 de mayo",
		"Da: Roma\nA: Parigi\nData: 3 maggio", "From: Berlin\nTo: Paris\nDate: 3 May\nPlease write to ann@customer.test.",
	} {
		wantAllShown(t, "list", "Please book:\n\n"+list+"\n\nThank you.")
	}
}

// TestFooters: what phones add goes with the signature, in their languages.
func TestFooters(t *testing.T) {
	t.Parallel()
	for _, footer := range []string{
		"Sent from my iPhone", "Sent from Yahoo Mail on Android", "Get Outlook for iOS", "Get Outlook for Android<https://aka.ms/AAb9ysg>", "Von Yahoo Mail auf Android gesendet", "Von meinem iPhone gesendet", "Gesendet mit der GMX Mail App",
		"Envoyé de mon iPhone", "Envoyé à partir de Outlook pour iOS", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Inviato da iPhone", "Verstuurd vanaf mijn iPhone", "Wysłane z iPhone’a",
		"Skickat från min iPhone", "Sendt fra min iPhone", "Lähetetty iPhonesta", "Odesláno z iPhonu", "Отправлено с iPhone", "iPhone’umdan gönderildi", "发自我的iPhone", "从我的 iPhone 发送", "iPhoneから送信", "나의 iPhone에서 보냄",
	} {
		wantAnswer(t, footer, "Yes.\n\n"+footer, "Yes.", footer)
	}
	wantAllShown(t, "a footer that is the only line", "Sent from my iPhone")
	for _, text := range []string{"I sent from the shop three parcels.\nWhere are they?", "Where is it?\nSent from our store yesterday.", "Hallo,\nvon uns wurde alles gesendet."} {
		wantAllShown(t, "sender's own words", text)
	}
}

// TestKept: what must never be hidden.
func TestKept(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"quote only":        "> all\n> quoted",
		"answers inside":    "> question one\nanswer one\n> question two\nanswer two",
		"answer below":      "On 2.11.2026 Acme wrote:\n> question\n\nanswer",
		"rest of the quote": "> question one\nanswer one\n\n> question two\n> the end",
		"forward gmail":     "Look.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@x.test>\nDate: Mon, Nov 2, 2026\nSubject: Hi\nTo: Ann\n\ntext",
		"forward apple":     "Anfang der weitergeleiteten Nachricht:\n\n> Von: Bob <b@x.test>\n> Betreff: Hi\n> Datum: 2. November 2026\n>\n> text",
		"says inside":       "Antworten siehe unten.\n\nVon: Acme\nGesendet: heute\nAn: Ann\nBetreff: Fragen\n\nFrage? Ja!",
		"nothing":           "",
	} {
		wantAllShown(t, name, text)
	}
	text := "see this\n\n-----Original Message-----\nFrom: x"
	if now, _ := splitQuote(text, true); now != text {
		t.Errorf("of a forward by its subject is shown %q, want all of it, %q", now, text)
	}
}

// TestSignatures: signatures are collapsed, above and below the quote.
func TestSignatures(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, now string }{
		{name: "plain", text: "Hi\n-- \nAnn", now: "Hi"},
		{name: "without blank", text: "Hi\n--\nAnn", now: "Hi"},
		{name: "above quote", text: "Hi\n\n-- \nAnn\n\nOn 2.11.2026 Acme wrote:\n> x", now: "Hi"},
		{name: "below quote", text: "Hi\n\nOn 2.11.2026 Acme wrote:\n> x\n\n-- \nAnn", now: "Hi"},
		{name: "phone above quote", text: "Hi\n\nSent from my iPhone\n\n> On 2 Nov 2026, at 10:15, Acme <help@acme.test> wrote:\n> \n> x", now: "Hi"},
		{name: "too long", text: "Hi\n-- \n" + strings.Repeat("line\n", 40), now: "Hi\n-- \n" + strings.TrimSpace(strings.Repeat("line\n", 40))},
		{name: "quoted mark", text: "Hi\n> -- \n> Ann", now: "Hi"},
	}
	for _, tt := range tests {
		now, rest := splitQuote(tt.text, false)
		if strings.TrimSpace(now) != tt.now {
			t.Errorf("%s: got %q with %q hidden, want %q", tt.name, now, rest, tt.now)
		}
		if joined := strings.Trim(now+"\n"+rest, "\n"); joined != strings.Trim(tt.text, "\n") {
			t.Errorf("%s: shown and hidden together are %q, want the whole text", tt.name, joined)
		}
	}
}

// FuzzQuote: hiding loses nothing and never hides all.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{
		"a\n\nOn 2.11.2026 x@y.test wrote:\n> b", "a\n-- \nb", "> a\nb\n> c", "From: a\nSent: b\nTo: c\nSubject: d", "-----Original Message-----\nx", "a\nSent from my iPhone", "\n\n> x",
		"Am 1.1. um 10:00 schrieb\nx@y.test:\n>b", "a\nOn 2.11. at 10:15 I wrote. Bob <x@y.test> said:\nb", "a\nBob\n<x@y.test> wrote:\n> b", "差出人: a\n宛先: b\n件名: c",
	} {
		f.Add(s, false)
	}
	for _, s := range budget.Seeds() {
		f.Add(s, false)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		budget.CheckRepeated(t, m, text, func(s string) { splitQuote(s, whole) })
		now, history := splitQuote(text, whole)
		joined := now
		if history != "" {
			joined += "\n" + history
		}
		if joined != text {
			t.Fatalf("%q became %q and %q, want them to make the text together", text, now, history)
		}
		if strings.TrimSpace(text) != "" && strings.TrimSpace(now) == "" {
			t.Fatalf("all of %q is hidden", text)
		}
		if whole && history != "" {
			t.Fatalf("hid %q of a forward", history)
		}
	})
}
