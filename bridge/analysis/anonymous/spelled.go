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
	words := word.FindAllStringIndex(line, -1)
	done := 0 // up to here the line was written
	for i := 0; i < len(words); {
		n := countNumberWords(line, words[i:])
		if n >= leastSpelled {
			b.WriteString(line[done:words[i][0]] + Hole)
			done = words[i+n-1][1]
		}
		i += max(n, 1)
	}
	return b.String() + line[done:]
}

// countNumberWords counts how many of some words, from the first on, are numbers with nothing but marks between them.
func countNumberWords(line string, words [][]int) int {
	for i, w := range words {
		if !isNumberWord(fold(line[w[0]:w[1]])) {
			return i
		}
		if i > 0 && strings.Trim(line[words[i-1][1]:w[0]], " ,.-–") != "" {
			return i
		}
	}
	return len(words)
}

// isNumberWord reports whether a folded word is a number below a hundred, or a part of one, in one of the eight languages.
func isNumberWord(w string) bool {
	for _, ending := range []string{"zig", "ßig", "dziesiat", "nascie"} { // German tens, Polish tens and teens
		if strings.HasSuffix(w, ending) {
			return true
		}
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
