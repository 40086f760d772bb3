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
	rowsPerPage   = 100
	minFilterable = 10 // entries of a list that somebody may want to look through by words
)

// listFilter is what a long list shows above and below its rows: a search by words, and links to its pages of
// rowsPerPage entries.
type listFilter struct {
	Path     string // of the list
	Words    string // that entries must have; "" for all entries
	Shown    bool   // the list is long enough for a search
	Found    int    // the number of entries with the words
	From, To int    // the entries of this page, counted from 1
	Before   string // the address of the page before; "" if there is none
	After    string // the address of the next page; "" if there is none
}

// filterEntries leaves out the entries of a kind that don't have the words of the address. Entries of other kinds stay.
func filterEntries(v *web.Visit, path, kind string, all []setup.Entry) (listFilter, []setup.Entry) {
	s := listFilter{Path: path, Words: v.Value("find")}
	words := strings.Fields(strings.ToLower(s.Words))
	n := 0
	kept := slices.DeleteFunc(slices.Clone(all), func(e setup.Entry) bool {
		if e.Kind != kind {
			return false
		}
		n++
		return !hasWords(e, words)
	})
	s.Shown = n >= minFilterable
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

// pageOf returns the rows of the page that the address asks for, and notes in s how to get to the others.
func pageOf[Row any](v *web.Visit, s *listFilter, rows []Row) []Row {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // 0 means the first
	last := max(len(rows)-1, 0) / rowsPerPage
	page = min(max(page, 0), last)
	from := page * rowsPerPage
	to := min(from+rowsPerPage, len(rows))
	s.Found = len(rows)
	s.From = from + 1
	s.To = to
	if page > 0 {
		s.Before = s.pageAddress(page - 1)
	}
	if page < last {
		s.After = s.pageAddress(page + 1)
	}

	return rows[from:to]
}

func (s *listFilter) pageAddress(page int) string {
	q := url.Values{}
	if s.Words != "" {
		q.Set("find", s.Words)
	}
	q.Set("page", strconv.Itoa(page))
	return s.Path + "?" + q.Encode()
}
