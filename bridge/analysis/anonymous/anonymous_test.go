package anonymous_test

import (
	"strings"
	"testing"

	"parley/bridge/analysis/anonymous"
)

// Nothing of a customer is left in eight languages, as people write: names in other forms, addresses, numbers.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		names, text string
		canaries    string // what must not be left, in small letters
		left        string // what must be
	}{
		{"Esmeralda Quincy esmeralda.quincy@canary.test", "Hello, this is Esmeralda Quincy of 7 Zanzibar Lane, Thornbury. My order QX-88123 never came, call +44 20 7946 0958.", "esmeralda quincy zanzibar thornbury 88123 7946", "never came"},
		{"Traugott Wüllner", "Guten Tag,\nmeine Lampe ist defekt. Bitte liefern Sie an den Zimtsternweg 7, 47906 Kempen.\nFreundliche Grüße\nTraugott Wuellner, Wüllners Kunde", "zimtstern 47906 kempen traugott wüllner", "Lampe ist defekt"},
		{"Amélie Roquefeuil", "Bonjour, j'habite 12 rue des Canaris, 75011 Paris. La lampe est cassée. Amelie ROQUEFEUIL", "canaris 75011 paris amelie roquefeuil", "La lampe est cassée"},
		{"Íñigo Zabaleta", "Vivo en la calle Canario Amarillo, 15, Zaragoza. Mi lámpara no funciona. Soy Iñigo, DNI 12345678Z.", "canario amarillo inigo iñigo 12345678", "no funciona"},
		{"Leonor Vasconcelos", "Moro na Rua do Canário 33, 1200-109 Lisboa. O candeeiro chegou partido, disse a Leonor.", "canário 1200 lisboa leonor", "chegou partido"},
		{"Ludovica Malaspina", "Abito in via dei Canarini 5, 20121 Milano. La lampada è rotta. IBAN IT60 X054 2811 1010 0000 0123 456", "canarini 20121 milano 0542 123456", "è rotta"},
		{"Wilhelmina Kraaijenbrink", "Ik woon aan de Kanarielaan 8, 1234 AB Utrecht. De lamp is kapot. Mail w.kraaijenbrink@canary.test", "kanarielaan utrecht kraaijenbrink", "is kapot"},
		{"Świętosława Kanarek", "Mieszkam przy ul. Kanarkowej 21, 00-950 Warszawa. Lampa nie działa. To lampa Świętosławy Kanarek, faktura FV/2026/1187.", "kanark warszawa święto 1187 00-950", "nie działa"},
		{"kim@canary.com canary@localhost", "Kim works at Canary, and wants another lamp for the office at localhost.", "kim canary localhost", "another lamp"},
		{"", "My lamp is broken, mail wilma@\u200bcanary.test, or zoe\u200b@canary.test, or bob@cana\u00adry.test.", "wilma zoe bob cana ry.test", "lamp is broken"},
		{"王小明", "我是王小明,台灯坏了。", "王小明", "灯坏了"},
		{"王 王小明", "我是王小明,台灯坏了。", "王 小明", "灯坏了"},
		{"김민수", "김민수 고객님, 반품하실 수 있습니다.", "김민수", "반품하실 수"},
		{"ヤマダ ガク", "ヤマダガクです。ランプが壊れました。", "ヤマダ ガク", "ランプが壊れました"},
		{"วิชัย", "สวัสดีคุณวิชัย โคมไฟเสีย", "วิชัย", "โคมไฟเสีย"},
	} {
		got := anonymous.NewPerson(tt.names).Text(tt.text)
		for c := range strings.FieldsSeq(tt.canaries) {
			if strings.Contains(strings.ToLower(got), c) {
				t.Errorf("%s: %q is left in %q", tt.names, c, got)
			}
		}
		if !strings.Contains(got, tt.left) {
			t.Errorf("%s: %q is not left in %q", tt.names, tt.left, got)
		}
	}
}

// What shows nobody stays as it was: answers that say something useful are not full of holes.
func TestAnswersStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Please send it back within 30 days. We pay the postage.",
		"Sie können die Lampe innerhalb von 30 Tagen zurückgeben.\n\nDas Geld kommt nach 5 Werktagen.",
		"Vous pouvez la renvoyer sous 30 jours.", "Puede devolverla en 14 días.", "Può restituirla entro 14 giorni.", "U kunt hem binnen 14 dagen terugsturen.", "Można ją zwrócić w ciągu 14 dni.",
		"Please don't come before Monday, we are closed for the holidays.", "La garantía es de dos años, y el envío es gratis.", "Como sempre, a troca é grátis.",
	} {
		for _, address := range []string{"maria@customer.test", "maria@gmail.com", "maria@tienda.es", "Maria@Loja.com.br"} {
			if got := anonymous.NewPerson("Maria Rossi " + address).Text("Dear Maria,\n\n" + text + "\n\nRegards, Maria"); got != text {
				t.Errorf("of %s, %q became %q", address, text, got)
			}
		}
	}
}

// TestExceptionsStay: a short line that makes an exception leaves a hole, so that nobody is promised the rest without it.
// Greetings and signatures leave none.
func TestExceptionsStay(t *testing.T) {
	t.Parallel()
	p := anonymous.NewPerson("Maria Rossi")
	for text, want := range map[string]string{
		"Ja, Sie können die Lampe zurückgeben.\nNicht für Bestellung 48213.\nDas Geld kommt nach 5 Werktagen.": "Ja, Sie können die Lampe zurückgeben.\nNicht für […].\nDas Geld kommt nach 5 Werktagen.",
		"Liebe Maria\n\nJa, Sie können die Lampe zurückgeben.\nNicht für Bestellung 48213.\n\nGrüße, Maria":    "Ja, Sie können die Lampe zurückgeben.\nNicht für […].",
		"Hello Maria!\nYes, you can.\nNot order 48213\nThe postage is ours.\nM. Rossi\n10115 Berlin":           "Yes, you can.\nNot order […]\nThe postage is ours.",
	} {
		if got := p.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestNumbersInWords: a number that is spelled out is one all the same, in eight languages; counts are none.
func TestNumbersInWords(t *testing.T) {
	t.Parallel()
	p := anonymous.NewPerson("Maria Rossi")
	for _, text := range []string{
		"You reach me under oh seven seven double zero nine hundred or zero-four-six-one later on, please do.",
		"Meine Nummer ist null eins sieben eins, vier vier zwei null, am besten abends nach der Arbeit.",
		"Mon numéro : zéro six douze trente-quatre cinquante-six soixante-dix-huit, plutôt le soir après le travail.",
		"Mi número es el seis uno dos, tres cuatro cinco, mejor por la tarde después del trabajo.",
		"O meu número é nove um dois, três quatro cinco, de preferência à noite depois do trabalho.",
		"Il mio numero è tre quattro sette, uno due tre, meglio la sera dopo il lavoro.",
		"Mijn nummer is nul zes één twee drie vier, liefst in de avond na het werk.",
		"Mój numer to sześć zero jeden, dwa trzy cztery, najlepiej wieczorem po pracy.",
		"The plates are B-AB 12 and 12-AB-34, and the other car has KX19 ABC on it, just so you know.",
	} {
		got := p.Text(text)
		for _, rest := range []string{"seven", "zero", "sieben", "vier", "trente", "douze", "cuatro", "tres", "quatro", "três", "quattro", "sette", "twee", "drie", "jeden", "cztery", "AB", "KX19"} {
			if strings.Contains(got, rest) {
				t.Errorf("%q is left in %q", rest, got)
			}
		}
	}
	for _, text := range []string{"We ordered one or two lamps and got three, which is one too many.", "Einer von zwei, drei Tagen wäre uns recht."} {
		if got := p.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestUnsigned: what stands below a greeting at the end names who wrote and their company, whom no list knows.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Where is the slip?\n\nKind regards,\nPetra Unbekannt\nHead of Purchasing\nCanary Ltd", "Wo ist der Schein?\nMit freundlichen Grüßen\nPetra Unbekannt\nCanary GmbH",
		"Où est le bon ?\nCordialement\nPetra Unbekannt", "¿Dónde está?\nUn saludo,\nPetra Unbekannt, Canary SL", "Onde está?\nCom os melhores cumprimentos,\nPetra Unbekannt",
		"Dov'è?\nCordiali saluti\nPetra Unbekannt", "Waar is hij?\nMet vriendelijke groet,\nPetra Unbekannt", "Gdzie jest?\nZ poważaniem\nPetra Unbekannt", "Where?\n-- \nPetra Unbekannt",
	} {
		if got := anonymous.Unsigned(text); strings.Contains(got, "Unbekannt") || strings.Contains(got, "Canary") || !strings.ContainsAny(got, "?") {
			t.Errorf("%q became %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"Where?\nKind regards,\nPetra Unbekannt\nCanary Ltd\n\nPS: Please call me.":                     "Where?\n\nPS: Please call me.",
		"Wo?\n-- \nPetra Unbekannt\np.s. Ab morgen bin ich für zwei Wochen nicht im Büro zu erreichen.": "Wo?\n\np.s. Ab morgen bin ich für zwei Wochen nicht im Büro zu erreichen.",
		"Where?\nRegards\nPetra Unbekannt\nP. S. Canary\nPSA":                                           "Where?",
	} {
		if got := anonymous.Unsigned(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"Regards from the sea, where is it?", "Best\nof all is the blue one. It fits, it shines, and my whole family likes it very much indeed.\nWhy?", "Hello\n\nwhere is it?"} {
		if got := anonymous.Unsigned(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
