package anonymous

import (
	"slices"
	"strings"
)

// leastSpelled is how many words for numbers in a row spell one out: fewer count something.
const leastSpelled = 4

// withoutSpelled takes out numbers that are spelled out in words, as people dictate telephones.
func withoutSpelled(line string) string {
	var b strings.Builder
	words, done := word.FindAllStringIndex(line, -1), 0
	for i := 0; i < len(words); i++ {
		end := i
		for end < len(words) && isNumberWord(fold(line[words[end][0]:words[end][1]])) &&
			(end == i || strings.Trim(line[words[end-1][1]:words[end][0]], " ,.-–") == "") {
			end++
		}
		if end-i >= leastSpelled {
			b.WriteString(line[done:words[i][0]] + Hole)
			done = words[end-1][1]
		}
		i = max(i, end-1)
	}
	return b.String() + line[done:]
}

// isNumberWord reports whether a folded word is a number below a hundred, or a part of one, in one of the eight languages.
func isNumberWord(w string) bool {
	if strings.HasSuffix(w, "zig") || strings.HasSuffix(w, "ßig") || strings.HasSuffix(w, "dziesiat") || strings.HasSuffix(w, "nascie") {
		return true
	}
	_, found := slices.BinarySearch(numberWords(), w)
	return found
}

// numberWords returns words for numbers, folded and in the order of the alphabet.
func numberWords() []string {
	return []string{
		"acht", "catorce", "cero", "cinco", "cincuenta", "cinq", "cinquanta", "cinquante", "cinque", "cinquenta",
		"cuarenta", "cuatro", "czterdziesci", "cztery", "dertig", "deux", "dez", "dieci", "diez", "dix", "doce", "dodici",
		"dois", "doppel", "dos", "double", "douze", "drei", "drie", "due", "dwa", "dwadziescia", "dziesiec", "dziewiec",
		"een", "eight", "eighteen", "eighty", "ein", "eins", "eleven", "elf", "fifteen", "fifty", "five", "forty", "four",
		"fourteen", "funf", "huit", "hundred", "jeden", "negen", "negentig", "neuf", "neun", "nine", "nineteen", "ninety",
		"nought", "novanta", "nove", "noventa", "nueve", "nul", "null", "ochenta", "ocho", "oh", "oitenta", "oito", "once",
		"one", "onze", "osiem", "ottanta", "otto", "piec", "quaranta", "quarante", "quarenta", "quatorze", "quatre",
		"quatro", "quattro", "quince", "quinze", "sechs", "sei", "seis", "seize", "sept", "sesenta", "sessanta",
		"sessenta", "sete", "setenta", "settanta", "sette", "seven", "seventeen", "seventy", "sieben", "siedem", "siete",
		"six", "sixteen", "sixty", "soixante", "szesc", "tachtig", "ten", "thirteen", "thirty", "three", "tien", "tre",
		"trece", "treinta", "treize", "trenta", "trente", "tres", "treze", "trinta", "triple", "trois", "trzy",
		"trzydziesci", "twaalf", "twee", "twelve", "twenty", "twintig", "two", "um", "un", "undici", "uno", "veertig",
		"veinte", "venti", "vier", "vijf", "vijftig", "vingt", "vinte", "zehn", "zero", "zes", "zestig", "zeven",
		"zeventig", "zwei", "zwo", "zwolf",
	}
}
