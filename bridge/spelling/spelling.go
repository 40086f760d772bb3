// Package spelling finds the word that was meant by one that was mistyped.
//
// What does not belong here: which words there are, and what is done with the one that was meant.
package spelling

// A word counts as mistyped if it has few slips of the finger, and is long enough for that to be no chance.
const (
	maxSlips    = 2
	minMistyped = 4 // letters
	maxExtra    = 4 // letters beyond twice the length of the other word: with more, the slips aren't counted
)

// Nearest returns the candidate that differs from a word by the fewest slips, and by maxSlips at most. It returns "" if none does.
func Nearest(word string, candidates []string) string {
	nearest := ""
	fewest := maxSlips + 1
	for _, candidate := range candidates {
		slips := CountSlips(word, candidate)
		isMistyped := len(candidate) >= minMistyped && slips < len(candidate)/2
		if isMistyped && slips < fewest {
			fewest = slips
			nearest = candidate
		}
	}
	return nearest
}

// CountSlips counts the letters to insert, drop, change or swap with their neighbour until a is b. It is the
// Damerau-Levenshtein distance with restricted swaps: rows[i][j] is that of the first i letters of a and j of b.
func CountSlips(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 2*len(y)+maxExtra { // far too long: it need not be counted
		return len(x)
	}

	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case x[i-1] == y[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}

			if isSwappedAtEnd(x[:i], y[:j]) {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}

	return rows[len(x)][len(y)]
}

// isSwappedAtEnd reports whether the last two letters of a are those of b in the other order.
func isSwappedAtEnd(a, b []rune) bool {
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	return a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1]
}
