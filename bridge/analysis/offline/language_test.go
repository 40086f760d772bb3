package offline

import (
	"testing"

	"parley/bridge/analysis"
)

// A text in a language that the analyzer doesn't know gets no language, and not a similar one. A text without a
// language gets none, either.
func TestUnknownLanguage(t *testing.T) {
	tests := []struct {
		language string
		text     string
	}{
		{language: "Swedish", text: "Hej, jag undrar när min beställning kommer? Jag har väntat i två veckor."},
		{language: "Danish", text: "Hej, hvornår kommer min pakke? Jeg har ventet i to uger."},
		{language: "Norwegian", text: "Hei, når kommer pakken min? Jeg har ventet i to uker nå."},
		{language: "Finnish", text: "Hei, milloin tilaukseni saapuu? Olen odottanut kaksi viikkoa."},
		{language: "Estonian", text: "Tere, millal minu tellimus jõuab?"},
		{language: "Lithuanian", text: "Laba diena, kada atvyks mano užsakymas?"},
		{language: "Czech", text: "Dobrý den, kdy dorazí moje objednávka? Čekám už dva týdny."},
		{language: "Slovak", text: "Dobrý deň, kedy príde moja objednávka? Čakám už dva týždne."},
		{language: "Croatian", text: "Dobar dan, kada stiže moja narudžba? Čekam već dva tjedna."},
		{language: "Hungarian", text: "Jó napot, mikor érkezik meg a rendelésem? Két hete várok."},
		{language: "Romanian", text: "Bună ziua, când ajunge comanda mea? Aștept de două săptămâni."},
		{language: "Catalan", text: "Bon dia, quan arribarà la meva comanda? Fa dues setmanes que espero."},
		{language: "Turkish", text: "Merhaba, siparişim ne zaman gelecek? İki haftadır bekliyorum."},
		{language: "Indonesian", text: "Halo, kapan pesanan saya sampai? Saya sudah menunggu dua minggu."},
		{language: "Vietnamese", text: "Xin chào, khi nào đơn hàng của tôi đến?"},
		{language: "Russian", text: "Здравствуйте, когда придёт мой заказ?"},
		{language: "Greek", text: "Γεια σας, πότε θα έρθει η παραγγελία μου;"},
		{language: "Arabic", text: "مرحبا، متى سيصل طلبي؟"},
		{language: "Hebrew", text: "שלום, מתי תגיע ההזמנה שלי?"},
		{language: "Chinese", text: "你好，我的订单什么时候到？"},
		{language: "Japanese", text: "ご注文はいつ届きますか"},

		{language: "a word of many languages", text: "ok"},
		{language: "a name", text: "Anna"},
		{language: "digits", text: "12345"},
		{language: "punctuation", text: "???"},
		{language: "nothing", text: ""},
	}
	a := New()
	for _, tt := range tests {
		t.Run(tt.language, func(t *testing.T) {
			if got := ask(t, a, tt.text, analysis.Desk{}).Language; got != "" {
				t.Errorf("%q: got the language %q, want none", tt.text, got)
			}
		})
	}
}

// If a text has parts in several languages, its language is that of the larger part.
func TestLanguageOfTheLargerPart(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string
	}{
		{
			name: "German, quoting English",
			text: "Hallo, ich habe eine Frage zu meiner Rechnung. Your automatic answer said: your request is important to us. " +
				"Das hilft mir leider nicht.",
			want: "de",
		},
		{
			name: "English, with a German title and greeting",
			text: "Hello, I ordered the \"Schöne Aussicht\" calendar and it has not arrived. Vielen Dank!",
			want: "en",
		},
		{
			name: "French, quoting English",
			text: "Bonjour, le message affiche \"Something went wrong, please try again later\" quand je clique sur payer. Que dois-je faire ?",
			want: "fr",
		},
	}
	a := New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, a, tt.text, analysis.Desk{}).Language; got != tt.want {
				t.Errorf("got the language %q, want %q", got, tt.want)
			}
		})
	}
}

// A language is recognised without its accents, too.
func TestLanguageWithoutAccents(t *testing.T) {
	tests := []struct {
		text string
		want string
	}{
		{text: "Guten Tag, koennen Sie mir bitte sagen, wann das Paket kommt? Mit freundlichen Gruessen", want: "de"},
		{text: "czesc, kiedy przyjdzie paczka? dziekuje", want: "pl"},
		{text: "hola, cuando llega mi pedido? gracias", want: "es"},
	}
	a := New()
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			if got := ask(t, a, tt.text, analysis.Desk{}).Language; got != tt.want {
				t.Errorf("%q: got the language %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}
