package anonymous_test

import (
	"strings"
	"testing"

	"parley/bridge/analysis/anonymous"
)

// Text removes all names, addresses and numbers of a customer, in several languages and scripts and as people write them:
// names also in other forms, without accents, or run together.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		person   string // the names and addresses that are known of the customer
		text     string
		wantGone []string // in small letters
		wantLeft string
	}{
		{
			name:     "English",
			person:   "Esmeralda Quincy esmeralda.quincy@canary.test",
			text:     "Hello, this is Esmeralda Quincy of 7 Zanzibar Lane, Thornbury. My order QX-88123 never came, call +44 20 7946 0958.",
			wantGone: []string{"esmeralda", "quincy", "zanzibar", "thornbury", "88123", "7946"},
			wantLeft: "never came",
		},
		{
			name:   "German, with ue for ü, and a genitive",
			person: "Traugott Wüllner",
			text: `Guten Tag,
meine Lampe ist defekt. Bitte liefern Sie an den Zimtsternweg 7, 47906 Kempen.
Freundliche Grüße
Traugott Wuellner, Wüllners Kunde`,
			wantGone: []string{"zimtstern", "47906", "kempen", "traugott", "wüllner"},
			wantLeft: "Lampe ist defekt",
		},
		{
			name:     "French, without accents",
			person:   "Amélie Roquefeuil",
			text:     "Bonjour, j'habite 12 rue des Canaris, 75011 Paris. La lampe est cassée. Amelie ROQUEFEUIL",
			wantGone: []string{"canaris", "75011", "paris", "amelie", "roquefeuil"},
			wantLeft: "La lampe est cassée",
		},
		{
			name:     "Spanish, with half of the accents",
			person:   "Íñigo Zabaleta",
			text:     "Vivo en la calle Canario Amarillo, 15, Zaragoza. Mi lámpara no funciona. Soy Iñigo, DNI 12345678Z.",
			wantGone: []string{"canario", "amarillo", "inigo", "iñigo", "12345678"},
			wantLeft: "no funciona",
		},
		{
			name:     "Portuguese",
			person:   "Leonor Vasconcelos",
			text:     "Moro na Rua do Canário 33, 1200-109 Lisboa. O candeeiro chegou partido, disse a Leonor.",
			wantGone: []string{"canário", "1200", "lisboa", "leonor"},
			wantLeft: "chegou partido",
		},
		{
			name:     "Italian",
			person:   "Ludovica Malaspina",
			text:     "Abito in via dei Canarini 5, 20121 Milano. La lampada è rotta. IBAN IT60 X054 2811 1010 0000 0123 456",
			wantGone: []string{"canarini", "20121", "milano", "0542", "123456"},
			wantLeft: "è rotta",
		},
		{
			name:     "Dutch",
			person:   "Wilhelmina Kraaijenbrink",
			text:     "Ik woon aan de Kanarielaan 8, 1234 AB Utrecht. De lamp is kapot. Mail w.kraaijenbrink@canary.test",
			wantGone: []string{"kanarielaan", "utrecht", "kraaijenbrink"},
			wantLeft: "is kapot",
		},
		{
			name:     "Polish, with names in other cases",
			person:   "Świętosława Kanarek",
			text:     "Mieszkam przy ul. Kanarkowej 21, 00-950 Warszawa. Lampa nie działa. To lampa Świętosławy Kanarek, faktura FV/2026/1187.",
			wantGone: []string{"kanark", "warszawa", "święto", "1187", "00-950"},
			wantLeft: "nie działa",
		},
		{
			name:     "names out of addresses of mail",
			person:   "kim@canary.com canary@localhost",
			text:     "Kim works at Canary, and wants another lamp for the office at localhost.",
			wantGone: []string{"kim", "canary", "localhost"},
			wantLeft: "another lamp",
		},
		{
			name: "links without a scheme",
			text: "My parcel is at shop.example/track/AbCd, chat with me on t.me/ania_k or see ania-makes.com. " +
				"It came broken.Please look, e.g. at the lamp.",
			wantGone: []string{"shop", "abcd", "t.me", "ania"},
			wantLeft: "It came broken.Please look, e.g. at the lamp.",
		},
		{
			name:     "nobody is known, addresses have signs that aren't seen",
			person:   "",
			text:     "My lamp is broken, mail wilma@\u200bcanary.test, or zoe\u200b@canary.test, or bob@cana\u00adry.test.",
			wantGone: []string{"wilma", "zoe", "bob", "cana", "ry.test"},
			wantLeft: "lamp is broken",
		},
		{name: "Chinese", person: "王小明", text: "我是王小明,台灯坏了。", wantGone: []string{"王小明"}, wantLeft: "灯坏了"},
		{
			name:     "Chinese, with a family name of one character",
			person:   "王 王小明",
			text:     "我是王小明,台灯坏了。",
			wantGone: []string{"王", "小明"},
			wantLeft: "灯坏了",
		},
		{
			name:     "Korean",
			person:   "김민수",
			text:     "김민수 고객님, 반품하실 수 있습니다.",
			wantGone: []string{"김민수"},
			wantLeft: "반품하실 수",
		},
		{
			name:     "Japanese, without a blank between the names",
			person:   "ヤマダ ガク",
			text:     "ヤマダガクです。ランプが壊れました。",
			wantGone: []string{"ヤマダ", "ガク"},
			wantLeft: "ランプが壊れました",
		},
		{
			name:     "Thai",
			person:   "วิชัย",
			text:     "สวัสดีคุณวิชัย โคมไฟเสีย",
			wantGone: []string{"วิชัย"},
			wantLeft: "โคมไฟเสีย",
		},
		{name: "Khmer", person: "សុខា", text: "ខ្ញុំឈ្មោះសុខា ចង្កៀងខូច", wantGone: []string{"សុខា"}, wantLeft: "ចង្កៀងខូច"},
		{name: "Lao", person: "ບຸນມີ", text: "ຂ້ອຍຊື່ບຸນມີ ໂຄມໄຟເພ", wantGone: []string{"ບຸນມີ"}, wantLeft: "ໂຄມໄຟເພ"},
		{name: "Burmese", person: "အောင်", text: "ကျွန်တော်အောင်ပါ မီးအိမ်ပျက်", wantGone: []string{"အောင်"}, wantLeft: "မီးအိမ်ပျက်"},
		{
			name:     "Hebrew, with a word before the name",
			person:   "רבקה כהן",
			text:     "המנורה שבורה. תשלחו לרבקה, ולרבקה כהן בלבד.",
			wantGone: []string{"רבקה", "כהן"},
			wantLeft: "המנורה שבורה",
		},
		{
			name:     "Arabic, with words before the name",
			person:   "خديجة المنصوري",
			text:     "المصباح مكسور. أرسلوه لخديجة والمنصوري وللمنصوري.",
			wantGone: []string{"خديجة", "منصوري"},
			wantLeft: "المصباح مكسور",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := anonymous.NewPerson(tt.person).Text(tt.text)
			for _, gone := range tt.wantGone {
				if strings.Contains(strings.ToLower(got), gone) {
					t.Errorf("%q is left in %q", gone, got)
				}
			}
			if !strings.Contains(got, tt.wantLeft) {
				t.Errorf("%q is not left in %q", tt.wantLeft, got)
			}
		})
	}
}

// An answer that tells nothing about the customer stays as it was, without its greetings, whatever the customer's address
// is.
func TestUsefulAnswerStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Please send it back within 30 days. We pay the postage.",
		"Sie können die Lampe innerhalb von 30 Tagen zurückgeben.\n\nDas Geld kommt nach 5 Werktagen.",
		"Vous pouvez la renvoyer sous 30 jours.",
		"Puede devolverla en 14 días.",
		"Può restituirla entro 14 giorni.",
		"U kunt hem binnen 14 dagen terugsturen.",
		"Można ją zwrócić w ciągu 14 dni.",
		"Please don't come before Monday, we are closed for the holidays.",
		"La garantía es de dos años, y el envío es gratis.",
		"Como sempre, a troca é grátis.",
	} {
		for _, address := range []string{"maria@customer.test", "maria@gmail.com", "maria@tienda.es", "Maria@Loja.com.br"} {
			answer := "Dear Maria,\n\n" + text + "\n\nRegards, Maria"
			if got := anonymous.NewPerson("Maria Rossi " + address).Text(answer); got != text {
				t.Errorf("of %s: Text(%q) = %q, want %q", address, answer, got, text)
			}
		}
	}
}

// A short line that makes an exception, such as "Not for order 48213", keeps its other words and gets a mark for the
// removed ones. Without that line the answer would promise too much. Greetings and signatures are removed without a mark.
func TestExceptionsStay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want string
	}{
		{
			name: "exception between two lines",
			text: `Ja, Sie können die Lampe zurückgeben.
Nicht für Bestellung 48213.
Das Geld kommt nach 5 Werktagen.`,
			want: `Ja, Sie können die Lampe zurückgeben.
Nicht für […].
Das Geld kommt nach 5 Werktagen.`,
		},
		{
			name: "exception between greetings",
			text: `Liebe Maria

Ja, Sie können die Lampe zurückgeben.
Nicht für Bestellung 48213.

Grüße, Maria`,
			want: `Ja, Sie können die Lampe zurückgeben.
Nicht für […].`,
		},
		{
			name: "signature with an address",
			text: `Hello Maria!
Yes, you can.
Not order 48213
The postage is ours.
M. Rossi
10115 Berlin`,
			want: `Yes, you can.
Not order […]
The postage is ours.`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := anonymous.NewPerson("Maria Rossi").Text(tt.text); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// Numbers that are spelled out are removed like digits, in eight languages. Number plates of cars are removed, too.
func TestNumbersInWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		text     string
		wantGone []string
	}{
		{
			name:     "English",
			text:     "You reach me under oh seven seven double zero nine hundred or zero-four-six-one later on, please do.",
			wantGone: []string{"seven", "zero", "nine", "four"},
		},
		{
			name:     "German",
			text:     "Meine Nummer ist null eins sieben eins, vier vier zwei null, am besten abends nach der Arbeit.",
			wantGone: []string{"null", "sieben", "vier"},
		},
		{
			name:     "French",
			text:     "Mon numéro : zéro six douze trente-quatre cinquante-six soixante-dix-huit, plutôt le soir après le travail.",
			wantGone: []string{"zéro", "douze", "trente", "soixante"},
		},
		{
			name:     "Spanish",
			text:     "Mi número es el seis uno dos, tres cuatro cinco, mejor por la tarde después del trabajo.",
			wantGone: []string{"seis", "tres", "cuatro"},
		},
		{
			name:     "Portuguese",
			text:     "O meu número é nove um dois, três quatro cinco, de preferência à noite depois do trabalho.",
			wantGone: []string{"nove", "três", "quatro"},
		},
		{
			name:     "Italian",
			text:     "Il mio numero è tre quattro sette, uno due tre, meglio la sera dopo il lavoro.",
			wantGone: []string{"quattro", "sette", "due"},
		},
		{
			name:     "Dutch",
			text:     "Mijn nummer is nul zes één twee drie vier, liefst in de avond na het werk.",
			wantGone: []string{"zes", "twee", "drie", "vier"},
		},
		{
			name:     "Polish",
			text:     "Mój numer to sześć zero jeden, dwa trzy cztery, najlepiej wieczorem po pracy.",
			wantGone: []string{"sześć", "zero", "jeden", "cztery"},
		},
		{
			name:     "plates of cars",
			text:     "The plates are B-AB 12 and 12-AB-34, and the other car has KX19 ABC on it, just so you know.",
			wantGone: []string{"AB", "KX19"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := anonymous.NewPerson("Maria Rossi").Text(tt.text)
			for _, gone := range tt.wantGone {
				if strings.Contains(got, gone) {
					t.Errorf("%q is left in %q", gone, got)
				}
			}
		})
	}
}

// Small counts in words, such as "one or two lamps", are kept.
func TestCountsInWordsStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"We ordered one or two lamps and got three, which is one too many.",
		"Einer von zwei, drei Tagen wäre uns recht.",
	} {
		if got := anonymous.NewPerson("Maria Rossi").Text(text); got != text {
			t.Errorf("Text(%q) = %q, want it unchanged", text, got)
		}
	}
}

// Unsigned removes a closing greeting and the lines below it. These name the author and a company, which no list of names
// has.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		question  string
		signature string
	}{
		{name: "English", question: "Where is the slip?\n", signature: "Kind regards,\nPetra Unbekannt\nHead of Purchasing\nCanary Ltd"},
		{name: "German", question: "Wo ist der Schein?", signature: "Mit freundlichen Grüßen\nPetra Unbekannt\nCanary GmbH"},
		{name: "French", question: "Où est le bon ?", signature: "Cordialement\nPetra Unbekannt"},
		{name: "Spanish", question: "¿Dónde está?", signature: "Un saludo,\nPetra Unbekannt, Canary SL"},
		{name: "Portuguese", question: "Onde está?", signature: "Com os melhores cumprimentos,\nPetra Unbekannt"},
		{name: "Italian", question: "Dov'è?", signature: "Cordiali saluti\nPetra Unbekannt"},
		{name: "Dutch", question: "Waar is hij?", signature: "Met vriendelijke groet,\nPetra Unbekannt"},
		{name: "Polish", question: "Gdzie jest?", signature: "Z poważaniem\nPetra Unbekannt"},
		{name: "two hyphens", question: "Where?", signature: "-- \nPetra Unbekannt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := anonymous.Unsigned(tt.question + "\n" + tt.signature)
			if want := strings.TrimSpace(tt.question); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A postscript below the signature stays if it has text.
func TestUnsignedPostscript(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want string
	}{
		{
			name: "in another paragraph",
			text: "Where?\nKind regards,\nPetra Unbekannt\nCanary Ltd\n\nPS: Please call me.",
			want: "Where?\n\nPS: Please call me.",
		},
		{
			name: "in small letters, in the next line",
			text: "Wo?\n-- \nPetra Unbekannt\np.s. Ab morgen bin ich für zwei Wochen nicht im Büro zu erreichen.",
			want: "Wo?\n\np.s. Ab morgen bin ich für zwei Wochen nicht im Büro zu erreichen.",
		},
		{name: "names that begin like one", text: "Where?\nRegards\nPetra Unbekannt\nP. S. Canary\nPSA", want: "Where?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := anonymous.Unsigned(tt.text); got != tt.want {
				t.Errorf("Unsigned(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// A line that begins like a greeting but belongs to the text stays.
func TestUnsignedWithoutSignature(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Regards from the sea, where is it?",
		"Best\nof all is the blue one. It fits, it shines, and my whole family likes it very much indeed.\nWhy?",
		"Hello\n\nwhere is it?",
	} {
		if got := anonymous.Unsigned(text); got != text {
			t.Errorf("Unsigned(%q) = %q, want it unchanged", text, got)
		}
	}
}
