package bodytext

import (
	"strings"
	"testing"

	"parley/channels/budget"
)

// wantAnswer checks that only the answer of a text is shown, and that old, which was quoted, is hidden.
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

// wantAllShown checks that no part of a text is hidden.
func wantAllShown(t *testing.T, name, text string) {
	t.Helper()
	now, history := splitQuote(text, false)
	if now != text {
		t.Errorf("%s: got %q shown, want all of %q", name, now, text)
	}
	if history != "" {
		t.Errorf("%s: got %q hidden, want nothing", name, history)
	}
}

// An attribution ("Ann wrote:") above a quote is hidden with the quote, in every language of the list and over one to
// four lines.
func TestAttributions(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, attribution string }{
		{name: "english", attribution: "On Mon, Nov 2, 2026 at 10:15 AM Acme Support <help@acme.test> wrote:"},
		{name: "two lines", attribution: "On Mon, Nov 2, 2026 at 10:15 AM Acme Support\n<help@acme.test> wrote:"},
		{name: "four lines", attribution: "On Mon, Nov 2, 2026\nat 10:15 AM\nAcme Support\n<help@acme.test> wrote:"},
		{name: "german", attribution: "Am 02.11.26 um 10:15 schrieb Acme Support:"},
		{name: "german 2", attribution: "Acme Support <help@acme.test> schrieb am Mo., 2. Nov. 2026, 10:15:"},
		{name: "french", attribution: "Le lun. 2 nov. 2026 à 10:15, Acme <help@acme.test> a écrit :"},
		{name: "spanish", attribution: "El lun, 2 nov 2026 a las 10:15, Acme (<help@acme.test>) escribió:"},
		{name: "portuguese", attribution: "Em seg., 2 de nov. de 2026 às 10:15, Acme <help@acme.test> escreveu:"},
		{name: "italian", attribution: "Il giorno lun 2 nov 2026 alle ore 10:15 Acme <help@acme.test> ha scritto:"},
		{name: "dutch", attribution: "Op ma 2 nov 2026 om 10:15 schreef Acme <help@acme.test>:"},
		{name: "polish", attribution: "pon., 2 lis 2026 o 10:15 Acme <help@acme.test> napisał(a):"},
		{name: "polish 2", attribution: "W dniu 2.11.2026 o 10:15, Acme pisze:"},
		{name: "swedish", attribution: "Den mån 2 nov. 2026 kl 10:15 skrev Acme <help@acme.test>:"},
		{name: "finnish", attribution: "Acme (help@acme.test) kirjoitti 2.11.2026 kello 10.15:"},
		{name: "czech", attribution: "po 2. 11. 2026 v 10:15 odesílatel Acme <help@acme.test> napsal:"},
		{name: "russian", attribution: "пн, 2 нояб. 2026 г. в 10:15, Acme <help@acme.test> написал:"},
		{name: "turkish", attribution: "Acme <help@acme.test>, 2 Kas 2026 Pzt, 10:15 tarihinde şunu yazdı:"},
		{name: "chinese", attribution: "Acme <help@acme.test> 于2026年11月2日周一 10:15写道："},
		{name: "taiwan", attribution: "Acme <help@acme.test> 於 2026年11月2日 週一 上午10:15寫道："},
		{name: "japanese", attribution: "2026年11月2日(月) 10:15 Acme <help@acme.test>:"},
		{name: "japanese 2", attribution: "Acme さんは書きました:"},
		{name: "korean", attribution: "2026년 11월 2일 (월) 오전 10:15, Acme <help@acme.test>님이 작성:"},
		{name: "old gmail", attribution: "2026/11/2 Acme <help@acme.test>"},
		{name: "hungarian", attribution: "2026.11.02. 10:15 keltezéssel, \"Acme Support\" írta:"},
		{name: "arabic", attribution: "في الاثنين، ٢ نوفمبر ٢٠٢٦ كتب Acme <help@acme.test>:"},
		{name: "arabic, of Apple", attribution: "\u202bفي ٢\u200f/١١\u200f/٢٠٢٦، كتب/كتبت \u200fAcme \u200f<help@acme.test>:\u202c"},
	}

	for _, tt := range tests {
		text := "My answer.\n\n" + tt.attribution + "\n\n> Old text\n> of ours\n"
		wantAnswer(t, tt.name, text, "My answer.", tt.attribution+"\n\n> Old text")
	}
}

// Some mailers leave blank lines between the attribution and the quote.
func TestAttributionFarAboveQuote(t *testing.T) {
	t.Parallel()
	const attribution = "On Aug 22, 2011, at 7:37 PM, acme<help@acme.test> wrote:"
	wantAnswer(t, "attribution", "My answer.\n\n"+attribution+"\n\n\n\n\n> Old text", "My answer.", "> Old text")
}

func TestOwnWordsFarAboveQuote(t *testing.T) {
	t.Parallel()
	const words = "I have read what you wrote:"
	wantAnswer(t, "sender's own words", words+"\n\n\n\n\n> Old text", words, "> Old text")
}

// An answer that ends directly above an attribution stays visible, whether or not the attribution has a date.
func TestAnswerDirectlyAboveAttribution(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, answer string }{
		{name: "a sentence", answer: "Hello,\n\nYes, please ship it."},
		{name: "no end of a sentence", answer: "Hello,\n\nYes, please"},
		{name: "a number", answer: "Hello,\n\nYes, please ship 2 of them"},
		{name: "a word that could begin it", answer: "Hello,\n\nOn Monday, please"},
		{name: "a date in a sentence", answer: "Hello,\n\nShip it on 2.11.2026!"},
	}
	for _, tt := range tests {
		const undated, dated = "Acme <help@acme.test> schrieb:", "Acme <help@acme.test> schrieb am 2.11.2026:"
		wantAnswer(t, tt.name, tt.answer+"\n"+undated+"\n> Shall we ship?", tt.answer, undated)
		wantAnswer(t, tt.name+", dated", tt.answer+"\n"+dated+"\n> Shall we ship?", tt.answer, dated)
	}
}

// The lines of a folded attribution are hidden together.
func TestFoldedAttributionBelowAnAnswer(t *testing.T) {
	t.Parallel()
	attributions := []string{
		"On Mon, Nov 2, 2026 at 10:15 AM\nAcme Support <help@acme.test> wrote:",
		"Acme Support\n<help@acme.test> wrote:",
		"Acme Support <help@acme.test>\nschrieb:",
	}
	for _, attribution := range attributions {
		wantAnswer(t, attribution, "Yes.\n\n"+attribution+"\n> Shall we ship?", "Yes.", attribution)
	}
}

// Some mailers don't mark the quoted lines. Then a line counts as an attribution only if it says who wrote and when.
func TestUnmarkedAttributions(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, attribution string }{
		{name: "english", attribution: "On Monday, November 2, 2026, 10:15 AM, Acme <help@acme.test> wrote:"},
		{name: "german", attribution: "Am Montag, 2. November 2026 um 10:15:00 MEZ hat Acme <help@acme.test> Folgendes geschrieben:"},
		{name: "french", attribution: "Le lundi 2 novembre 2026 à 10:15, Acme <help@acme.test> a écrit :"},
		{name: "zoho", attribution: "---- On Mon, 02 Nov 2026 10:15:00 +0100 Acme <help@acme.test> wrote ----"},
		{name: "bare", attribution: "On Mon, 02 Nov 2026 10:15:00 +0100 Acme <help@acme.test> wrote"},
		{name: "clock", attribution: "10:15 AM, November 2, 2026, \"Acme\" <help@acme.test>:"},
		{name: "name", attribution: "Am 02.11.26 um 10.15 schrieb Dr. Jan von Acme:"},
		{name: "time", attribution: "Acme kirjoitti 2.11.2026 kello 10.15:"},
		{name: "verb", attribution: "Pada tanggal 2 Nov 2026 pukul 10.15 Acme <help@acme.test> menulis:"},
	}
	for _, tt := range tests {
		wantAnswer(t, tt.name, "My answer.\n\n"+tt.attribution+"\n\nOld text", "My answer.", "Old text")
	}
}

// The last line of an answer may begin like an attribution that follows directly below it. It stays visible, because it
// has no date, and the attribution is complete without it.
func TestAnswerDirectlyAboveUnmarkedAttribution(t *testing.T) {
	t.Parallel()
	const folded = "Le lun. 2 nov. 2026 à 10:15, Acme\n<help@acme.test> a écrit :\n\nOld text"
	for _, answer := range []string{"Il me faut la facture", "Am liebsten am Montag", "On it"} {
		wantAnswer(t, answer, answer+"\n"+folded, answer, folded)
	}
}

func TestOwnWordsLikeAnUnmarkedAttribution(t *testing.T) {
	t.Parallel()
	texts := []string{
		"My answer.\n\nBob wrote:\n\nSomething I must tell you.",
		"On Monday I wrote:\nplease call me.",
		"I wrote to help@acme.test on 2.11.:\nno answer.",
	}
	for _, text := range texts {
		wantAllShown(t, "sender's own words", text)
	}
}

// Customers may write a verb, an address, a date or a price above a list of their own. That line is no attribution.
func TestOwnWordsAreNoAttribution(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, words string }{
		{name: "a date isn't a time of day", words: "On 12.11. Ann wrote:"},
		{name: "a price isn't a time of day", words: "On the card Ann wrote for 49.90 EUR:"},
		{name: "a longer word begins none", words: "Only at 10:15 Ann wrote:"},
		{name: "the first person", words: "On 12.11. at 10:15 I wrote:"},
		{name: "the first person in German", words: "Am 12.11. um 10:15 habe ich Ihnen geschrieben:"},
		{name: "a sentence ends before the colon", words: "On 12.11. at 10:15 the driver came. Ann wrote:"},
		{name: "words between the verb and the colon", words: "On 12.11. at 10:15 Ann wrote about these items:"},
		{name: "words behind the address", words: "On 12.11. at 10:15 the order of ann@customer.test lacked these items:"},
		{name: "all of it", words: "On 12.11. I wrote to you and got no answer. My questions:"},
		{name: "all of it in German", words: "Am 12.11. schrieb ich Ihnen und bekam keine Antwort. Meine Fragen:"},
		{name: "an address and a price, and no verb", words: "Only the order of ann@customer.test for 49.90 EUR lacks these items:"},
		{name: "an address and a verb, and more words", words: "On 12.11. Ann wrote to help@acme.test about this:"},
	}
	for _, tt := range tests {
		wantAllShown(t, tt.name, "Hello,\n"+tt.words+"\n1. Where is my order?\n2. Can I cancel it?")
	}
}

// Customers may write lists whose labels are those of a mail's header, such as "From:" and "To:". These lists stay
// visible.
func TestOwnLists(t *testing.T) {
	t.Parallel()
	lists := []string{
		"From: Berlin\nTo: Paris\nDate: 3 May\n2 adults",
		"Von: Berlin\nAn: Paris\nDatum: 3. Mai\n2 Erwachsene",
		"De: Madrid\nPara: Lisboa\nFecha: 3 de mayo",
		"Da: Roma\nA: Parigi\nData: 3 maggio",
		"From: Berlin\nTo: Paris\nDate: 3 May\nPlease write to ann@customer.test.",
	}
	for _, list := range lists {
		wantAllShown(t, "list", "Please book:\n\n"+list+"\n\nThank you.")
	}
}

// A line that a phone or a mail program adds below an answer is hidden like a signature, in many languages.
func TestFooters(t *testing.T) {
	t.Parallel()
	footers := []string{
		"Sent from my iPhone",
		"Sent from my iPhone, please excuse typos.",
		"Sent from my Verizon, Samsung Galaxy smartphone",
		"Sent from Yahoo Mail on Android",
		"Get Outlook for iOS",
		"Obter o Outlook para Android",
		"Obtenha o Outlook para iOS",
		"Verzonden vanuit Outlook voor iOS",
		"Az iPhone-omról küldve",
		"\u202bأُرسلت من الـ iPhone\u202c",
		"Get Outlook for Android<https://aka.ms/AAb9ysg>",
		"Von Yahoo Mail auf Android gesendet",
		"Von meinem iPhone gesendet",
		"Gesendet mit der GMX Mail App",
		"Envoyé de mon iPhone",
		"Envoyé à partir de Outlook pour iOS",
		"Enviado desde mi iPhone",
		"Enviado do meu iPhone",
		"Inviato da iPhone",
		"Verstuurd vanaf mijn iPhone",
		"Wysłane z iPhone’a",
		"Skickat från min iPhone",
		"Sendt fra min iPhone",
		"Lähetetty iPhonesta",
		"Odesláno z iPhonu",
		"Отправлено с iPhone",
		"iPhone’umdan gönderildi",
		"发自我的iPhone",
		"从我的 iPhone 发送",
		"iPhoneから送信",
		"나의 iPhone에서 보냄",
	}
	for _, footer := range footers {
		wantAnswer(t, footer, "Yes.\n\n"+footer, "Yes.", footer)
	}
}

func TestFooterThatIsTheOnlyLine(t *testing.T) {
	t.Parallel()
	wantAllShown(t, "footer", "Sent from my iPhone")
}

func TestOwnWordsLikeAFooter(t *testing.T) {
	t.Parallel()
	texts := []string{
		"I sent from the shop three parcels.\nWhere are they?",
		"Where is it?\nSent from our store yesterday.",
		"It is red.\nSent from my desk, a phone is no help for such long texts",
		"It is red.\nSent from my desk, mail is easier.",
		"Hallo,\nvon uns wurde alles gesendet.",
	}
	for _, text := range texts {
		wantAllShown(t, "sender's own words", text)
	}
}

// The whole text stays visible if it is only a quote, if it has answers inside or below the quote, or if it forwards a
// mail.
func TestKept(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text string }{
		{name: "quote only", text: "> all\n> quoted"},
		{name: "answers inside", text: "> question one\nanswer one\n> question two\nanswer two"},
		{name: "answer below", text: "On 2.11.2026 Acme wrote:\n> question\n\nanswer"},
		{name: "rest of the quote", text: "> question one\nanswer one\n\n> question two\n> the end"},
		{
			name: "forward gmail",
			text: "Look.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@x.test>\nDate: Mon, Nov 2, 2026\n" +
				"Subject: Hi\nTo: Ann\n\ntext",
		},
		{
			name: "forward apple",
			text: "Anfang der weitergeleiteten Nachricht:\n\n> Von: Bob <b@x.test>\n> Betreff: Hi\n" +
				"> Datum: 2. November 2026\n>\n> text",
		},
		{name: "says inside", text: "Antworten siehe unten.\n\nVon: Acme\nGesendet: heute\nAn: Ann\nBetreff: Fragen\n\nFrage? Ja!"},
		{name: "says inside, in capitals", text: "SEE BELOW.\n\nFrom: Acme\nSent: today\nTo: Ann\nSubject: Questions\n\nWhy? So."},
		{name: "nothing", text: ""},
	}

	for _, tt := range tests {
		wantAllShown(t, tt.name, tt.text)
	}
}

// A rule above the header of a quoted mail is hidden with it, but not if the sender has written something below the rule.
func TestRuleAboveTheHistory(t *testing.T) {
	t.Parallel()
	const header = "From: Help <help@acme.test>\nSent: Monday\nTo: Ann\nSubject: Invoice\n\nold\n"
	wantAnswer(t, "rule", "Yes.\n\n________________\n\n"+header, "Yes.", "old")
	wantAnswer(t, "words below a rule", "For Monday:\n________________\nnothing\n"+header, "For Monday:\n________________\nnothing", "old")
}

// The whole text stays visible if the mail's subject says that it is a forward.
func TestForwardBySubjectIsKept(t *testing.T) {
	t.Parallel()
	const text = "see this\n\n-----Original Message-----\nFrom: x"
	if now, _ := splitQuote(text, true); now != text {
		t.Errorf("got %q shown, want all of %q", now, text)
	}
	for _, q := range htmlQuotes() {
		if got := NewReader(true, nil).readHTML("<p>see this</p>" + q.html); got.Quoted != "" {
			t.Errorf("%s: got %q hidden, want nothing", q.program, got.Quoted)
		}
	}
}

// Signatures above and below the quote are hidden, and no part of the text is lost.
func TestSignatures(t *testing.T) {
	t.Parallel()
	long := "Hi\n-- \n" + strings.Repeat("line\n", 40)
	tests := []struct{ name, text, now string }{
		{name: "plain", text: "Hi\n-- \nAnn", now: "Hi"},
		{name: "without blank", text: "Hi\n--\nAnn", now: "Hi"},
		{name: "above quote", text: "Hi\n\n-- \nAnn\n\nOn 2.11.2026 Acme wrote:\n> x", now: "Hi"},
		{name: "below quote", text: "Hi\n\nOn 2.11.2026 Acme wrote:\n> x\n\n-- \nAnn", now: "Hi"},
		{
			name: "a phone's, above the quote",
			text: "Hi\n\nSent from my iPhone\n\n> On 2 Nov 2026, at 10:15, Acme <help@acme.test> wrote:\n> \n> x",
			now:  "Hi",
		},
		{name: "too long for a signature", text: long, now: strings.TrimSpace(long)},
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

// The shown and the hidden part together are the whole text, and never is all of a text hidden.
func FuzzQuote(f *testing.F) {
	texts := []string{
		"a\n\nOn 2.11.2026 x@y.test wrote:\n> b",
		"a\n-- \nb",
		"> a\nb\n> c",
		"From: a\nSent: b\nTo: c\nSubject: d",
		"-----Original Message-----\nx",
		"a\nSent from my iPhone",
		"\n\n> x",
		"Am 1.1. um 10:00 schrieb\nx@y.test:\n>b",
		"a\nOn 2.11. at 10:15 I wrote. Bob <x@y.test> said:\nb",
		"a\nBob\n<x@y.test> wrote:\n> b",
		"差出人: a\n宛先: b\n件名: c",
	}

	for _, s := range texts {
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
			t.Fatalf("%q: got %q shown and %q hidden, want them to make the text together", text, now, history)
		}

		if strings.TrimSpace(text) != "" && strings.TrimSpace(now) == "" {
			t.Fatalf("all of %q is hidden", text)
		}
		if whole && history != "" {
			t.Fatalf("%q is hidden of a forward, want nothing hidden", history)
		}
	})
}
