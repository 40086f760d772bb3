package twiliofake

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// list handles a request for the list of messages, newest first. The list has pages: a response has the URI of the next page, which
// contains a token such as PASM12, meaning the page after message SM12.
func (a *webAPI) list(w http.ResponseWriter, r *http.Request) {
	const defaultSize, maxSize = "50", 1000
	q := r.URL.Query()
	size, err := strconv.Atoi(cmp.Or(q.Get("PageSize"), defaultSize))
	isInRange := size >= 1 && size <= maxSize
	if err != nil || !isInRange {
		refuse(w, http.StatusBadRequest, codeInvalid, "Page size out of range")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	selected := slices.DeleteFunc(slices.Clone(a.exchange.messages), func(m *stored) bool { return !isSelected(q, m) })
	slices.Reverse(selected)
	start := findPage(selected, q.Get("PageToken"), size)
	rows := []any{}
	for _, m := range selected[start:min(start+size, len(selected))] {
		rows = append(rows, a.messageViewLocked(m))
	}

	page, _ := strconv.Atoi(q.Get("Page"))
	base := "/2010-04-01/Accounts/" + a.opt.AccountSID + "/Messages.json?"
	out := map[string]any{"messages": rows, "page": page, "page_size": size, "start": page * size, "end": page*size + len(rows),
		"uri": base + q.Encode(), "next_page_uri": nil, "previous_page_uri": nil}
	q.Del("PageToken")
	q.Set("Page", "0")
	out["first_page_uri"] = base + q.Encode()
	pageURI := func(page int, token string) string {
		q.Set("Page", strconv.Itoa(page))
		q.Set("PageToken", token)
		return base + q.Encode()
	}
	if len(rows) == size {
		out["next_page_uri"] = pageURI(page+1, "PA"+selected[start+size-1].sid)
	}
	if start > 0 && len(rows) > 0 {
		out["previous_page_uri"] = pageURI(max(page-1, 0), "PB"+selected[start].sid)
	}

	answer(w, http.StatusOK, out)
}

// findPage returns the index of a page's first message. The token is "PA" and a message's id for the page after that message, "PB" and
// the id for the page before it, or "" for the first page. If the message no longer exists, the page is empty.
func findPage(messages []*stored, token string, size int) int {
	if token == "" {
		return 0
	}
	at := slices.IndexFunc(messages, func(m *stored) bool { return token == "PA"+m.sid || token == "PB"+m.sid })
	if at < 0 {
		return len(messages)
	}
	if strings.HasPrefix(token, "PB") {
		return max(at-size, 0)
	}
	return at + 1
}

// isSelected reports whether a message passes the filters of a query. One that hasn't been sent yet passes no filter by date.
func isSelected(q url.Values, m *stored) bool {
	for name, have := range map[string]string{"To": m.to, "From": m.from} {
		want := q.Get(name)
		if want != "" && want != have {
			return false
		}
	}

	day := m.sent.Format(time.DateOnly)
	filters := map[string]func(string) bool{
		"DateSent":  func(d string) bool { return day == d },
		"DateSent<": func(d string) bool { return day <= d },
		"DateSent>": func(d string) bool { return day >= d },
	}
	for name, passes := range filters {
		want := q.Get(name)
		if want == "" {
			continue
		}

		dayWanted := want[:min(len(want), len(time.DateOnly))] // a time of day is ignored
		if m.sent.IsZero() || !passes(dayWanted) {
			return false
		}
	}

	return true
}
