package offline

import (
	"testing"

	"parley/bridge/analysis"
)

func TestOtherLanguagesAreUnknown(t *testing.T) {
	a := New()
	for _, text := range []string{
		"Hej, jag undrar när min beställning kommer? Jag har väntat i två veckor.", "Hej, hvornår kommer min pakke? Jeg har ventet i to uger.",
		"Hei, når kommer pakken min? Jeg har ventet i to uker nå.", "Dobrý den, kdy dorazí moje objednávka? Čekám už dva týdny.",
		"Dobrý deň, kedy príde moja objednávka? Čakám už dva týždne.", "Merhaba, siparişim ne zaman gelecek? İki haftadır bekliyorum.",
		"Bună ziua, când ajunge comanda mea? Aștept de două săptămâni.", "Bon dia, quan arribarà la meva comanda? Fa dues setmanes que espero.",
		"Здравствуйте, когда придёт мой заказ?", "مرحبا، متى سيصل طلبي؟", "你好，我的订单什么时候到？", "ご注文はいつ届きますか", "Γεια σας, πότε θα έρθει η παραγγελία μου;",
		"Hei, milloin tilaukseni saapuu? Olen odottanut kaksi viikkoa.", "Jó napot, mikor érkezik meg a rendelésem? Két hete várok.",
		"Dobar dan, kada stiže moja narudžba? Čekam već dva tjedna.", "Laba diena, kada atvyks mano užsakymas?", "Tere, millal minu tellimus jõuab?",
		"Halo, kapan pesanan saya sampai? Saya sudah menunggu dua minggu.", "Xin chào, khi nào đơn hàng của tôi đến?", "שלום, מתי תגיע ההזמנה שלי?",
		"ok", "12345", "???", "", "Anna",
	} {
		if got := ask(t, a, text, analysis.Desk{}).Language; got != "" {
			t.Errorf("%q: %s, want none", text, got)
		}
	}
}

func TestTheLargerPartGivesTheLanguage(t *testing.T) {
	a := New()
	for text, want := range map[string]string{
		"Hallo, ich habe eine Frage zu meiner Rechnung. Your automatic answer said: your request is important to us. Das hilft mir leider nicht.": "de",
		"Hello, I ordered the \"Schöne Aussicht\" calendar and it has not arrived. Vielen Dank!":                                                  "en",
		"Bonjour, le message affiche \"Something went wrong, please try again later\" quand je clique sur payer. Que dois-je faire ?":             "fr",
		"Guten Tag, koennen Sie mir bitte sagen, wann das Paket kommt? Mit freundlichen Gruessen":                                                 "de",
		"czesc, kiedy przyjdzie paczka? dziekuje": "pl",
		"hola, cuando llega mi pedido? gracias":   "es",
	} {
		if got := ask(t, a, text, analysis.Desk{}).Language; got != want {
			t.Errorf("%q: %q, want %s", text, got, want)
		}
	}
}
