package graphfake

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"
)

// This file emulates the pagination of lists. A call has a limit and a cursor: "?limit=25&after=…" requests the first 25
// objects after the cursor. The response contains the cursor and URL of the next page.

// defaultLimit is the number of objects in a page if a call doesn't contain a limit.
const defaultLimit = 25

// window is the page of a list that a call requests: the objects from ≤ i < to. Source: Graph API, "Paginated results".
type window struct {
	from, to, total int
	path            string // the URL of the call, without its query
	query           url.Values
}

// readWindow returns the page that a call requests of a list with total objects.
func (c *call) readWindow(total int) (window, *APIError) {
	q := c.req.Query
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = defaultLimit
	}

	w := window{total: total, path: c.api.host.URL() + c.req.Path, query: q}
	after, isValid := readCursor(q.Get("after"))
	if !isValid {
		return w, &APIError{Code: Invalid, Message: "Invalid cursors values were provided."}
	}
	w.from = min(after, total)
	w.to = min(w.from+limit, total)
	return w, nil
}

// answer returns the response with the objects of the page. The last one has no "next".
func (w window) answer(data []any) map[string]any {
	if len(data) == 0 {
		return map[string]any{"data": []any{}}
	}

	last := writeCursor(w.to)
	paging := map[string]any{"cursors": map[string]any{"after": last}}
	if w.to < w.total {
		q := maps.Clone(w.query)
		q.Set("after", last)
		paging["next"] = w.path + "?" + q.Encode()
	}
	return map[string]any{"data": data, "paging": paging}
}

// writeCursor returns the cursor for a position in a list: the one before the object with this index.
func writeCursor(position int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(position)))
}

// readCursor is the inverse of writeCursor. "" means position 0. ok is false if the cursor is malformed.
func readCursor(cursor string) (position int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	position, err = strconv.Atoi(string(raw))
	return position, err == nil && position >= 0
}
