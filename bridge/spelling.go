package bridge

const (
	maxSlips     = 2 // a word with more typing errors is a different word
	minCandidate = 4 // bytes; shorter candidates are too similar to other words
	maxExtra     = 4 // runes; see CountSlips
)

// Nearest returns the candidate to which word has the smallest distance (see CountSlips), at most maxSlips. If several are
// equally near, it returns the first. It returns "" if no candidate is near enough.
func Nearest(word string, candidates []string) string {
	nearest := ""
	fewest := maxSlips + 1
	for _, candidate := range candidates {
		slips := CountSlips(word, candidate)
		isSimilar := len(candidate) >= minCandidate && slips < len(candidate)/2
		if isSimilar && slips < fewest {
			fewest = slips
			nearest = candidate
		}
	}
	return nearest
}

// CountSlips returns the number of letters to insert, remove, replace or swap with their neighbor to turn a into b. This is
// the Damerau-Levenshtein distance with restricted swaps, also called the optimal string alignment distance.
//
// If a is longer than twice the length of b plus maxExtra, CountSlips returns the length of a without calculating the
// distance, which bounds the work for long input.
func CountSlips(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 2*len(to)+maxExtra {
		return len(from)
	}

	// distance[i][j] is the distance between the first i letters of a and the first j of b.
	distance := make([][]int, len(from)+1)
	for i := range distance {
		distance[i] = make([]int, len(to)+1)
		for j := range distance[i] {
			switch {
			case i == 0 || j == 0:
				distance[i][j] = i + j
				continue
			case from[i-1] == to[j-1]:
				distance[i][j] = distance[i-1][j-1]
			default:
				distance[i][j] = 1 + min(distance[i-1][j-1], distance[i-1][j], distance[i][j-1])
			}

			if isSwappedAtEnd(from[:i], to[:j]) {
				distance[i][j] = min(distance[i][j], distance[i-2][j-2]+1)
			}
		}
	}

	return distance[len(from)][len(to)]
}

// isSwappedAtEnd reports whether the last two letters of a are those of b in reverse order.
func isSwappedAtEnd(a, b []rune) bool {
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	return a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1]
}
