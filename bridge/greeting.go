package bridge

import "slices"

// IsGreeting reports whether a word in small letters may stand before a name: "hi", "dear", "thanks".
func IsGreeting(word string) bool {
	return IsSalutation(word) || slices.Contains(otherWordsBeforeNames(), word)
}

// IsSalutation reports whether a word in small letters begins a letter or a talk: "hi", "dear", but not "thanks".
func IsSalutation(word string) bool { return slices.Contains(salutations(), word) }

func salutations() []string {
	return []string{
		"hi", "hey", "hello", "dear",
		"hallo", "moin", "servus", "liebe", "lieber",
		"salut", "bonjour", "cher", "chère",
		"hola", "olá", "oi",
		"ciao", "caro", "cara",
		"hoi", "dag", "beste",
		"cześć", "hej", "hejsan", "kære", "ahoj",
		"merhaba", "selam", "sevgili",
	}
}

func otherWordsBeforeNames() []string {
	return []string{
		"thanks", "sorry", "ok", "okay", "yes", "no",
		"danke", "merci", "gracias", "obrigado", "obrigada", "grazie", "bedankt",
		"dzięki", "tack", "tak", "dík", "díky", "teşekkürler",
	}
}
