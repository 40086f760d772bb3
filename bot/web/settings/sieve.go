package settings

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

const (
	listPage  = 100 // rows that a page of a list shows
	leastSift = 10  // entries of a list that somebody may want to look through by words
)

// sieve stands above and below a list that may be long: it keeps what has the words that somebody looks for, and shows
// that a page at a time.
type sieve struct {
	Path     string // of the list
	Words    string // that are looked for; "" = none
	Shown    bool   // there is something to look through
	Found    int
	From, To int    // of what was found, from 1 on
	Before   string // the address of the page before; "" = there is none
	After    string
}

// sift leaves out the entries of a kind that don't have the words of the address. Those of other kinds stay.
func sift(v *web.Visit, path, kind string, all []setup.Entry) (sieve, []setup.Entry) {
	s := sieve{Path: path, Words: v.Value("find")}
	words := strings.Fields(strings.ToLower(s.Words))
	n := 0
	kept := slices.DeleteFunc(slices.Clone(all), func(e setup.Entry) bool {
		if e.Kind != kind {
			return false
		}
		n++
		return !hasWords(e, words)
	})
	s.Shown = n >= leastSift
	return s, kept
}

// hasWords reports whether an entry has all words in its name or its values.
func hasWords(e setup.Entry, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := []string{e.Name}
	for _, values := range e.Values {
		text = append(text, values...)
	}
	in := strings.ToLower(strings.Join(text, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(in, word) })
}

// pageOf returns the rows of the page that the address asks for, and how to get to the others.
func pageOf[Row any](v *web.Visit, s *sieve, rows []Row) []Row {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // 0 = the first
	last := max(len(rows)-1, 0) / listPage
	page = min(max(page, 0), last)
	from, to := page*listPage, min((page+1)*listPage, len(rows))
	s.Found, s.From, s.To = len(rows), from+1, to
	if page > 0 {
		s.Before = s.address(page - 1)
	}
	if page < last {
		s.After = s.address(page + 1)
	}
	return rows[from:to]
}

// address is that of a page of the same list.
func (s *sieve) address(page int) string {
	q := url.Values{}
	if s.Words != "" {
		q.Set("find", s.Words)
	}
	q.Set("page", strconv.Itoa(page))
	return s.Path + "?" + q.Encode()
}
