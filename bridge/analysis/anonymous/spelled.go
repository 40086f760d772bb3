package anonymous

import (
	"slices"
	"strings"
)

// minSpelledWords is the minimum number of consecutive number words that count as a number spelled out, such as a phone
// number. Fewer words are a quantity ("two or three lamps"), which identifies nobody.
const minSpelledWords = 4

// removeSpelledNumbers replaces numbers that are spelled out in words by Hole: "call oh seven seven double zero, please"
// becomes "call […], please".
func removeSpelledNumbers(line string) string {
	var b strings.Builder
	words := word.FindAllStringIndex(line, -1)
	done := 0 // line[:done] has been written
	for i := 0; i < len(words); {
		n := countNumberWords(line, words[i:])
		if n >= minSpelledWords {
			b.WriteString(line[done:words[i][0]] + Hole)
			done = words[i+n-1][1]
		}
		i += max(n, 1)
	}
	return b.String() + line[done:]
}

// countNumberWords returns how many words, counted from the first one, are number words separated only by spaces and
// punctuation. Each element of words is the start and end of a word in the line.
func countNumberWords(line string, words [][]int) int {
	for i, w := range words {
		from, to := w[0], w[1]
		if !isNumberWord(fold(line[from:to])) {
			return i
		}
		if i == 0 {
			continue
		}
		previousEnd := words[i-1][1]
		if strings.Trim(line[previousEnd:from], " ,.-–") != "" {
			return i
		}
	}
	return len(words)
}

// isNumberWord reports whether a folded word is a number below a hundred, or a part of one, in one of eight languages.
func isNumberWord(w string) bool {
	for _, ending := range []string{"zig", "ßig", "dziesiat", "nascie"} { // German tens, Polish tens and teens
		if strings.HasSuffix(w, ending) {
			return true
		}
	}
	_, found := slices.BinarySearch(numberWords(), w)
	return found
}

// numberWords returns words for numbers, folded and sorted.
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
