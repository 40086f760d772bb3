package settings

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// Lists of entries, such as all tags, have a search and are divided into pages. The URL has both:
// /settings/tags?find=refund&page=1. A handler first calls filterEntries and then pageOf.

const (
	rowsPerPage   = 100
	minFilterable = 10 // number of entries from which on a list has a search
)

// listFilter is the template data of the search and of the links to other pages.
type listFilter struct {
	Path     string // the path of the list
	Words    string // the search; "" means all entries
	Shown    bool   // the list is long enough for a search
	Found    int    // the number of entries that match
	From, To int    // the entries of this page, counted from 1
	Before   string // the URL of the previous page; "" if this is the first
	After    string // the URL of the next page; "" if this is the last
}

// filterEntries returns all without the entries of a kind that don't match the search in the URL. Entries of other kinds
// are kept. The returned listFilter has no page links yet; see pageOf.
func filterEntries(v *web.Visit, path, kind string, all []setup.Entry) (listFilter, []setup.Entry) {
	filter := listFilter{Path: path, Words: v.Value("find")}
	words := strings.Fields(strings.ToLower(filter.Words))
	n := 0 // entries of the kind
	kept := slices.DeleteFunc(slices.Clone(all), func(e setup.Entry) bool {
		if e.Kind != kind {
			return false
		}
		n++
		return !hasWords(e, words)
	})
	filter.Shown = n >= minFilterable
	return filter, kept
}

// hasWords reports whether an entry contains all words, which are in lower case, in its name or its values.
func hasWords(e setup.Entry, words []string) bool {
	if len(words) == 0 {
		return true
	}
	texts := []string{e.Name}
	for _, values := range e.Values {
		texts = append(texts, values...)
	}
	text := strings.ToLower(strings.Join(texts, "\n"))
	isMissing := func(word string) bool { return !strings.Contains(text, word) }
	return !slices.ContainsFunc(words, isMissing)
}

// pageOf returns the rows of the page in the URL, and sets the numbers and links of filter. An invalid page number means
// the first page, and one that is too large the last.
func pageOf[Row any](v *web.Visit, filter *listFilter, rows []Row) []Row {
	page, _ := strconv.Atoi(v.Value("page")) //nolint:errcheck // an invalid number means 0
	last := max(len(rows)-1, 0) / rowsPerPage
	page = min(max(page, 0), last)
	from := page * rowsPerPage
	to := min(from+rowsPerPage, len(rows))
	filter.Found = len(rows)
	filter.From = from + 1
	filter.To = to
	if page > 0 {
		filter.Before = filter.pageAddress(page - 1)
	}
	if page < last {
		filter.After = filter.pageAddress(page + 1)
	}

	return rows[from:to]
}

// pageAddress returns the URL of a page with the same search.
func (f *listFilter) pageAddress(page int) string {
	q := url.Values{}
	if f.Words != "" {
		q.Set("find", f.Words)
	}
	q.Set("page", strconv.Itoa(page))
	return f.Path + "?" + q.Encode()
}
