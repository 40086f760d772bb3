package bridge

import "slices"

// IsGreeting reports whether a word in small letters may stand before a name: "hi", "dear", "thanks".
func IsGreeting(word string) bool { return slices.Contains(greetingWords(), word) }

func greetingWords() []string {
	return []string{
		"hi", "hey", "hello", "dear", "thanks", "sorry", "ok", "okay", "yes", "no",
		"hallo", "moin", "servus", "danke", "liebe", "lieber",
		"salut", "bonjour", "merci", "cher", "chère",
		"hola", "gracias", "olá", "oi", "obrigado", "obrigada",
		"ciao", "grazie", "caro", "cara",
		"hoi", "dag", "bedankt", "beste",
		"cześć", "hej", "dzięki", "hejsan", "tack", "tak", "kære", "ahoj", "dík", "díky",
		"merhaba", "selam", "teşekkürler", "sevgili",
	}
}
